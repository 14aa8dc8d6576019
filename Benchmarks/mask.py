#!/usr/bin/env python3
"""Times the masker beside a plain Python `re` implementation of the same rules, turn by turn in one run.

What one core does is taken by processor time, so that a busy machine does neither side wrong; what all cores do, by the
clock.

usage: Benchmarks/mask.py PROGRAM DATA [ROUNDS]

PROGRAM is the built Benchmarks/mask, DATA the folder with loghub/*_2k.log.gz and kubernetes/cluster-a.ndjson.gz.
Prints a table; exits 1 where a masked text differs or a threshold below is missed.
"""

import gzip
import json
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import mask_rules

LEAST_TOTAL, LEAST_SET = 200, 100  # times Python
LEAST_COUNTED = 1_000_000  # Kubernetes lines a second, masked and counted, one core
MOST_ALLOCATIONS = 0  # a line, in steady state

MOST_SHAPE_SECONDS = 0.05  # one message of a mebibyte of any shape
SHAPES = [
    *"1aZ./-@'\"{}[]() =|:\\\t\n_+,<%s\x00\x1b\x9bé日Σİ\u0663\u2003\U0001d7d7",
    "\x1b[", "\x1b[0", "http://", "http://a", "http://a..", "https://ab.,", "2021-", "2021-04-", "2021-04-14T20:17:14.1",
    "I0414", "I0414 20:17:1", "Jan", "January  ", "Dec 31 23:59:", "1:1:1", ".go", ".go:", ".go:1", "x.go:1", "a@", "a.a",
    "a_a@b", "aa@b.c", "1.", "1.1.1.1", "1.1.1.1/", "1.1.1.1a", "\u0663.\u0663.", "1\u0663", "\u06631a", "1.5 ", "1.5m",
    "1.5\xb5", "/a", "//a", "/-", "/(", "a1)", "a1)]", "1a", "a-", "+.", "..1", "+\u0663", ".\u0663", "{ ", "[ ", "{}", "[]",
    "{\u2003", "Σ.", "Σ\u0301", "a1 ", "1 ", "\\ ", "<NUM>",
]


def read_sets(data):
    sets = {}
    for path in sorted((data / "loghub").glob("*_2k.log.gz")):
        text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
        sets[path.name.removesuffix("_2k.log.gz")] = text.removesuffix("\n").split("\n")
    with gzip.open(data / "kubernetes/cluster-a.ndjson.gz") as lines:
        sets["Kubernetes"] = [json.loads(line)["log"] for line in lines]
    return sets


def framed(messages):
    texts = [message.encode() for message in messages]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def unframed(data):
    index = 0
    while index < len(data):
        (length,) = struct.unpack_from("<I", data, index)
        yield data[index + 4 : index + 4 + length].decode()
        index += 4 + length


class Program:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().split()

    def seconds(self, what, rounds, threads):
        """Seconds for one round, those that processors worked for it, and allocations in all rounds."""
        elapsed, worked, allocations = self.ask(what, rounds, threads)
        return float(elapsed) / 1e9 / rounds, float(worked) / 1e9 / rounds, int(allocations)


def instructions(path, messages, folder):
    """Instructions a byte by callgrind (which knows no AVX-512); None where there is no valgrind."""
    if not shutil.which("valgrind"):
        return None
    file = folder / "instructions"
    file.write_bytes(framed(messages))
    # Debian's valgrind cannot read the debugging sections of this toolchain.
    stripped = folder / "stripped"
    subprocess.run(["strip", "--strip-debug", "-o", stripped, path], check=True)
    counts = []
    for rounds in (1, 3):
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", stripped],
            input=f"load {file}\nmask {rounds} 1\n", capture_output=True, text=True)
        counts.append(int(run.stderr.split("Collected :")[1].split()[0]))
    return (counts[1] - counts[0]) / 2 / sum(len(message.encode()) for message in messages)


def compare(program, name, messages, file, rounds):
    """The times of both sides, taken in turn, in seconds a round."""
    file.write_bytes(framed(messages))
    program.ask("load", file)
    size = sum(len(message.encode()) for message in messages)
    program.seconds("mask", max(1, 5_000_000 // size), 1)
    cores = len(os.sched_getaffinity(0))
    ours, all_cores, theirs = [], [], []
    repeats = max(1, 20_000_000 // size)
    for turn in range(rounds):
        for _ in range(3):
            _, worked, allocations = program.seconds("mask", repeats, 1)
            ours.append(worked)
        all_cores.append(program.seconds("mask", repeats, cores)[0] / cores)
        start = time.process_time()
        masked = [mask_rules.mask(message) for message in messages]
        theirs.append(time.process_time() - start)
    program.ask("write", str(file) + ".masked")
    different = sum(a != b for a, b in zip(unframed(pathlib.Path(str(file) + ".masked").read_bytes()), masked, strict=True))
    return {
        "name": name, "lines": len(messages), "bytes": size, "different": different,
        "allocations": allocations / repeats / len(messages),
        "ours": statistics.median(ours), "cores": statistics.median(all_cores), "theirs": statistics.median(theirs),
    }


def slowest_shape(program, file):
    """The most seconds that a mebibyte of one shape takes, and the shape."""
    slowest = (0, "")
    for shape in SHAPES:
        file.write_bytes(framed([shape * ((1 << 20) // len(shape.encode()))]))
        program.ask("load", file)
        slowest = max(slowest, (min(program.seconds("mask", 1, 1)[1] for _ in range(3)), shape))
    return slowest


def row(result):
    def per_second(what):
        seconds = result[what]
        return f"{result['lines'] / seconds:12,.0f} {result['bytes'] / seconds / 1e6:8.2f}"

    times = result["theirs"] / result["ours"]
    return f"{result['name']:12} {per_second('ours')} {per_second('cores')} {per_second('theirs')} {times:7.1f}"


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def main():
    path, data = sys.argv[1], pathlib.Path(sys.argv[2])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    program = Program(path)
    missed = []
    print(f"{processor()}, {len(os.sched_getaffinity(0))} cores; Python {sys.version.split()[0]}; {rounds} rounds in turn")
    load = os.getloadavg()[0]
    print(f"one core by processor time, all cores by the clock (load of the machine as it begins: {load:.1f})")
    print(f"{'':12} {'one core':>21} {'all cores':>21} {'Python re, one core':>21}   times")
    print(f"{'set':12} " + f"{'lines/s':>12} {'MB/s':>8} " * 3 + " a core")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        results, sample = [], []
        for name, messages in read_sets(data).items():
            sample += messages[:: max(1, len(messages) // 1000)]
            results.append(compare(program, name, messages, folder / name, rounds))
            print(row(results[-1]), flush=True)
        total = {"name": "total"} | {
            key: sum(result[key] for result in results) for key in ("lines", "bytes", "ours", "cores", "theirs")}
        print(row(total))
        cores = len(os.sched_getaffinity(0))
        counted = statistics.median(program.seconds("count", 10, 1)[1] for _ in range(rounds))
        on_all = statistics.median(program.seconds("count", 10, cores)[0] for _ in range(rounds))
        kubernetes = results[-1]
        rate = kubernetes["lines"] / counted
        print(f"masked and counted, one core, Kubernetes: {rate:,.0f} lines/s, {kubernetes['bytes'] / counted / 1e6:.1f} MB/s")
        print(f"masked and counted, all cores, by the clock: {kubernetes['lines'] / on_all:,.0f} lines/s")
        allocations = max(result["allocations"] for result in results)
        print(f"allocations a line in steady state: {allocations:.4f}")
        per_byte = instructions(path, sample, folder)
        if per_byte is not None:
            print(f"instructions a byte, by callgrind, over {len(sample)} lines of all sets: {per_byte:.1f}")
        seconds, shape = slowest_shape(program, folder / "shape")
        print(f"slowest of {len(SHAPES)} shapes, 1 MiB: {seconds * 1e3:.1f} ms ({ascii(shape)})")
        if seconds > MOST_SHAPE_SECONDS:
            missed.append(f"a shape takes longer than {MOST_SHAPE_SECONDS} s")
        for result in results:
            if result["different"]:
                missed.append(f"{result['name']}: {result['different']} masked texts differ from Python's")
            if result["theirs"] / result["ours"] < LEAST_SET:
                missed.append(f"{result['name']} is below {LEAST_SET} times Python")
        if total["theirs"] / total["ours"] < LEAST_TOTAL:
            missed.append(f"the total is below {LEAST_TOTAL} times Python")
        if rate < LEAST_COUNTED:
            missed.append(f"masked and counted is below {LEAST_COUNTED:,} lines/s")
        # The few allocations of a whole round (the masker, its buffers) are none of a line's.
        if round(allocations, 2) > MOST_ALLOCATIONS:
            missed.append("lines allocate")
    print("thresholds: " + ("; ".join(missed) if missed else "met"))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
