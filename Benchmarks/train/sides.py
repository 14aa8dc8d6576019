"""Runs of both sides, each in a process of its own, and what they leave."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent


class DeviceMemory:
    """Bytes of the GPU that were taken while something ran, by nvidia-smi; None on a CPU."""

    def __init__(self, device):
        self.watches = device == "cuda" and shutil.which("nvidia-smi") is not None

    def used(self):
        text = subprocess.run(
            ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"], capture_output=True, text=True)
        return int(text.stdout.split()[0]) << 20

    def __enter__(self):
        self.peak, self.ends = None, threading.Event()
        if self.watches:
            self.before = self.peak = self.used()
            self.thread = threading.Thread(target=self.watch)
            self.thread.start()
        return self

    def watch(self):
        while not self.ends.wait(0.2):
            self.peak = max(self.peak, self.used())

    def __exit__(self, *_):
        if self.watches:
            self.ends.set()
            self.thread.join()
            self.peak -= self.before


class Sides:
    def __init__(self, program, bridge, data, work, device):
        self.program, self.bridge, self.data = program, bridge, pathlib.Path(data)
        self.work, self.device = pathlib.Path(work), device

    def table(self, name, which="train"):
        return self.data / name / f"{which}.table"

    def run(self, command):
        """Seconds of the whole process, what it printed, and bytes that it took of the GPU. The program's libraries may
        lie beside it in lib/, as in the folder of `make gpu-bundle`; they are not for Python."""
        environment = dict(os.environ, OPNILOG_TORCH=str(self.bridge))
        libraries = self.program.parent / "lib"
        if command[0] == self.program and libraries.is_dir():
            environment["LD_LIBRARY_PATH"] = str(libraries)
        with DeviceMemory(self.device) as memory:
            start = time.perf_counter()
            # Behind a shell that waits: a process's peak of memory begins with its parent's, and the judge's is large.
            done = subprocess.run(
                ["sh", "-c", '"$@"; exit $?', "sh", *map(str, command)], env=environment, capture_output=True, text=True)
            seconds = time.perf_counter() - start
        if done.returncode != 0:
            sys.exit(f"{command[0]} {command[1]} ended with {done.returncode}: {done.stderr}")
        return seconds, done.stdout, memory.peak

    def original(self, name, to=None, seed=0, **limits):
        """The original's loop; `limits` are the options of original.py."""
        command = [sys.executable, HERE / "original.py", self.table(name), "--seed", seed, "--device", self.device]
        for option, value in limits.items():
            command += [f"--{option}"] + ([] if value is True else [value])
        if to:
            command += ["--save", self.work / to]
        seconds, printed, device = self.run(command)
        return dict(json.loads(printed), wallSeconds=seconds, deviceBytes=device)

    def ours(self, name, to, seed=0, **options):
        """`opnilog-train train` as people run it; `options` are its own, with _ for -."""
        output = self.work / to
        command = [self.program, "train", "--table", self.table(name), "--output", output, "--overwrite"]
        command += ["--progress", "none", "--device", self.device, "--seed", seed]
        for option, value in options.items():
            command += ["--" + option.replace("_", "-"), value]
        seconds, _, device = self.run(command)
        manifest = json.loads((output / "manifest.json").read_text())
        return dict(figures(manifest, output / "metrics.jsonl"), wallSeconds=seconds, deviceBytes=device)

    def scores(self, name, model):
        """What `opnilog-train score` says of the lines that occur once: the name of a file of NDJSON."""
        (lines,) = (self.data / name).glob("once.*.gz")
        command = [self.program, "score", "--model", self.work / model, "--input", lines, "--device", self.device]
        to = self.work / "scores.ndjson"
        to.write_text(self.run([*command, "--progress", "none"])[1])
        return to


def figures(manifest, metrics):
    """Of a run of ours. Its seconds are those of fit, checkpoints and closing pass; the figures that it takes in between are
    left out, as the original's are."""
    training = manifest["training"]
    evaluated, waited = training["evaluationSeconds"], 0.0
    for record in map(json.loads, metrics.read_text().splitlines()):
        waited = record.get("waitedSeconds", waited)
    return {
        "seconds": training["seconds"] - evaluated, "evaluationSeconds": evaluated,
        "steps": training["steps"] + training["closingSteps"], "fitSteps": training["steps"],
        "rows": training["rows"], "logs": training["logs"], "words": training["words"],
        "samples": manifest["dataset"]["samples"], "epochs": training["epochs"],
        "waitedShare": waited / training["seconds"], "peakBytes": manifest["peakResidentBytes"],
        "threads": training["threads"], "torch": training["torchVersion"]}
