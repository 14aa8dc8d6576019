#!/usr/bin/env python3
"""Cuts the benchmark's logs into lines to train on and lines to judge by, and makes tables of them.

usage: prepare.py PROGRAM DATA OUT

DATA holds loghub/Hadoop_2k.log.gz, loghub/Linux_2k.log.gz and kubernetes/cluster-a.ndjson.gz. A folder a set in OUT:

- train.table: what both sides train on.
- held-out.table: of lines with a time the latest whole hours that hold 10 to 20 % of all, of others a random tenth.
- once.table, once.gz: of the rest a random tenth of those lines whose masked text occurs once in all, as a table and as
  they were. The table is without lines that hold one of the original's keywords, so that a model should find them normal.

Neither side ever sees the latter two, not as words either.
"""

import collections
import gzip
import json
import pathlib
import random
import subprocess
import sys
import tempfile


def by_lines(lines):
    """A seeded random tenth."""
    held = set(random.Random(0).sample(range(len(lines)), len(lines) // 10))
    return [index in held for index in range(len(lines))], "a random tenth"


def by_hours(lines):
    """The latest whole hours."""
    hours = [json.loads(line)["time"][:13] for line in lines]
    counts = collections.Counter(hours)
    held, latest = 0, []
    for hour in sorted(filter(None, counts), reverse=True):
        held += counts[hour]
        latest.append(hour)
        if held * 10 >= len(lines):
            break
    if held * 5 > len(lines):
        sys.exit("no latest hours hold 10 to 20 % of the lines")
    return [hour in latest for hour in hours], f"from {latest[-1]}:00 on"


SETS = {
    "hadoop": ("loghub/Hadoop_2k.log.gz", by_lines),
    "linux": ("loghub/Linux_2k.log.gz", by_lines),
    "cluster-a": ("kubernetes/cluster-a.ndjson.gz", by_hours),
}


class Preparation:
    def __init__(self, program, path, folder, work):
        self.program, self.folder, self.work = program, folder, work
        self.suffix = path.suffixes[-2]
        self.lines = gzip.decompress(path.read_bytes()).removesuffix(b"\n").split(b"\n")

    def run(self, *command):
        done = subprocess.run([self.program, *command, "--progress", "none"], capture_output=True)
        if done.returncode != 0:
            sys.exit(done.stderr.decode())
        return done.stdout

    def write(self, lines):
        path = self.work / ("lines" + self.suffix)
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return path

    def collect(self, lines, name, *options):
        output = self.work / "table"
        self.run("collect", "--input", self.write(lines), "--output", output, "--overwrite", *options)
        (output / "templates.table").rename(self.folder / f"{name}.table")

    def once(self, is_held):
        """Which lines are a tenth of those whose masked text occurs once, without those that are held out anyway."""
        masked = self.run("mask", "--input", self.write(self.lines)).removesuffix(b"\n").split(b"\n")
        counts = collections.Counter(masked)
        single = [i for i, text in enumerate(masked) if counts[text] == 1 and text and not is_held[i]]
        return set(random.Random(1).sample(single, len(single) // 10))

    def prepare(self, split):
        is_held, how = split(self.lines)
        once = self.once(is_held)
        train = [line for i, line in enumerate(self.lines) if not is_held[i] and i not in once]
        held = [line for i, line in enumerate(self.lines) if is_held[i]]
        single = [self.lines[i] for i in sorted(once)]
        self.collect(train, "train")
        self.collect(held, "held-out")
        self.collect(single, "once", "--drop-keywords", "original")
        with gzip.open(self.folder / f"once{self.suffix}.gz", "wb") as file:
            file.writelines(line + b"\n" for line in single)
        return {"lines": len(train), "heldOut": len(held), "heldOutBy": how}


def main():
    program, data, out = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    for name, (path, split) in SETS.items():
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as work:
            facts = Preparation(program, data / path, folder, pathlib.Path(work)).prepare(split)
        facts["from"] = pathlib.Path(path).name
        (folder / "set.json").write_text(json.dumps(facts))


main()
