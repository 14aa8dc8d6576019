#!/usr/bin/env python3
"""Scores logs by the built program and by the original's way of it, by turns. See Benchmarks/score.sh.

usage: score.py PROGRAM WORK LOGS [--rounds N] [--lines N] [--seconds S] [--threads N]

WORK holds model/, and takes the inputs: the logs as they are, so often repeated that they are N lines (1,000,000), and one
log of each masked text. S: how long the original's side has in a round (20). Exits with 1 if a score differs from the
original's.
"""

import argparse
import gzip
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent / "train"))
import literal  # noqa: E402
import mask_rules  # noqa: E402
from templates import CLS, LENGTH, MASK, NUMBER, UNKNOWN, read_vocabulary, words_of  # noqa: E402

PAYLOAD = 512  # logs that the original's service takes at once
GUESSES = 50


class Original:
    """The original's service: its masking, and its scoring of one distinct text after another."""

    def __init__(self, folder, threads):
        if threads:
            torch.set_num_threads(threads)
        self.ids, size = read_vocabulary(folder / "vocab.txt")
        self.model = literal.Literal(size)
        saved = torch.load(folder / "nulog_model_latest.pt", map_location="cpu", weights_only=True)
        self.model.load_state_dict(saved["model_state_dict"])
        self.model.eval()

    @torch.no_grad()
    def score(self, masked):
        words = words_of(masked)[:LENGTH]
        tokens = [CLS] + [NUMBER if word == "<NUM>" else self.ids.get(word, UNKNOWN) for word in words[1:]]
        padded = torch.tensor(tokens + [0] * (LENGTH - len(tokens)))
        rows = padded.repeat(len(tokens) - 1, 1)
        for row in range(len(rows)):
            rows[row, row + 1] = MASK
        mask = (rows != 0).unsqueeze(1)
        logits = self.model.generator(self.model(rows, rows, mask, mask))
        best = torch.argsort(logits, dim=1)[:, -GUESSES:].numpy()
        counted = [p for p, word in enumerate(words[1:]) if not any(map(str.isdigit, word))]
        if not counted:
            return 1.0
        return sum(tokens[p + 1] in best[p] for p in counted) / len(counted)

    def payload(self, logs):
        """The scores of a payload's logs by their masked texts."""
        return {masked: self.score(masked) for masked in {mask_rules.mask(log) for log in logs}}

    def rate(self, payloads, seconds):
        """Lines a second over as many payloads as fit into so many seconds, and the scores."""
        scores, lines, start = {}, 0, time.perf_counter()
        for payload in payloads:
            scores.update(self.payload(payload))
            lines += len(payload)
            taken = time.perf_counter() - start
            if taken > seconds:
                break
        return lines / taken, scores


# Runs a command and prints its seconds, processor seconds, peak kilobytes and exit status. A process of its own between: a
# process's peak of memory begins with that of the one that it was forked from, and ours, with torch, is large.
MEASURE = """
import os, subprocess, sys, time
start = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
print(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
"""


class Ours:
    def __init__(self, program, model, threads):
        self.command = [program, "score", "--model", model, "--device", "cpu", "--progress", "none"]
        if threads:
            self.command += ["--threads", str(threads)]

    def run(self, path, lines):
        """Lines a second by the clock, processor seconds, and peak bytes of memory."""
        measured = subprocess.run(
            [sys.executable, "-c", MEASURE, *self.command, "--input", path], stdout=subprocess.PIPE, text=True, check=True)
        seconds, used, peak, status = map(float, measured.stdout.split())
        if status:
            sys.exit(f"score exited with {status:.0f}")
        return lines / seconds, used, peak * 1024

    def scores(self, path):
        output = subprocess.run([*self.command, "--input", path], stdout=subprocess.PIPE, check=True).stdout
        return {line["masked"]: line["score"] for line in map(json.loads, output.splitlines())}


def inputs(program, work, logs, least):
    """Files of logs with their numbers of lines, and the logs of the first and the last."""
    lines = gzip.decompress(logs.read_bytes()).splitlines(keepends=True)
    masked = subprocess.run([program, "mask", "--input", logs], stdout=subprocess.PIPE, check=True).stdout.splitlines()
    first = {}
    for text, line in zip(masked, lines, strict=True):
        first.setdefault(text, line)
    sets = {"as logged": lines, "repeated": lines * -(-least // len(lines)), "distinct texts": list(first.values())}
    files = {}
    for name, content in sets.items():
        path = work / f"{name.replace(' ', '-')}.ndjson"
        path.write_bytes(b"".join(content))
        files[name] = (path, len(content))
    return files, {name: [json.loads(line)["log"] for line in sets[name]] for name in ("as logged", "distinct texts")}


def spread(values, places=0):
    return f"{statistics.median(values):,.{places}f} ({min(values):,.{places}f} to {max(values):,.{places}f})"


def payloads(logs, turn):
    """Payloads from all over the logs, others in each round."""
    starts = list(range(0, len(logs), PAYLOAD))
    step = 37  # no divisor of the number of payloads, so that all of them have their turn
    return [logs[s : s + PAYLOAD] for s in (starts[(turn * 11 + i * step) % len(starts)] for i in range(len(starts)))]


def parse():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    for name in ("program", "work", "logs"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--threads", type=int)
    return parser.parse_args()


def main():
    options = parse()
    files, logs = inputs(options.program, options.work, options.logs, options.lines)
    ours = Ours(options.program, options.work / "model", options.threads)
    original = Original(options.work / "model", options.threads)
    found = {name: [] for name in files}
    theirs = {name: [] for name in logs}
    seen = {}
    load = os.getloadavg()[0]
    for turn in range(options.rounds):
        for name, (path, lines) in files.items():
            found[name].append(ours.run(path, lines))
        for name, texts in logs.items():
            rate, scores = original.rate(payloads(texts, turn), options.seconds)
            theirs[name].append(rate)
            seen.update(scores)
    mine = ours.scores(files["distinct texts"][0])
    other = sum(abs(mine[text] - score) > 1e-9 for text, score in seen.items())
    print(f"{len(os.sched_getaffinity(0))} cores, {options.rounds} rounds by turns, load as it began {load:.1f}; "
          f"lines a second, median (least to most)")
    print(f"{'':16} {'lines':>10}  {'opnilog-train score':32} {'the original':24} {'times':>7}  peak memory")
    for name, runs in found.items():
        rates = [rate for rate, _, _ in runs]
        peak = max(bytes for _, _, bytes in runs) / (1 << 20)
        if name in theirs:
            beside, times = spread(theirs[name], 1), statistics.median(rates) / statistics.median(theirs[name])
            beside = f"{beside:24} {times:7,.0f}"
        else:
            beside = " " * 32
        print(f"{name:16} {files[name][1]:10,}  {spread(rates):32} {beside}  {peak:,.0f} MiB")
    (base, few), (more, many) = ((statistics.median(r[1] for r in found[n]), files[n][1]) for n in ("as logged", "repeated"))
    print(f"a line whose text is known already: {(more - base) / (many - few) * 1e6:.1f} microseconds of a processor")
    print(f"scores that differ from the original's: {other} of {len(seen):,} masked texts")
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main())
