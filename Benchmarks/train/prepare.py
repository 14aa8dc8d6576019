#!/usr/bin/env python3
"""Cuts the benchmark's logs into lines to train on and lines to judge by, and makes tables of both.

usage: prepare.py PROGRAM DATA OUT

DATA holds loghub/Linux_2k.log.gz and kubernetes/cluster-a.ndjson.gz. A folder a set in OUT: train.table, held-out.table,
normal.table (the held-out lines without the original's keywords), held-out.gz (the held-out lines as they were).
Held out of lines with a time are the latest whole hours that hold 10 to 20 % of all, of lines without one a random
tenth. Neither side ever sees them, not as words either; both train on train.table.
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
    "linux": ("loghub/Linux_2k.log.gz", by_lines),
    "cluster-a": ("kubernetes/cluster-a.ndjson.gz", by_hours),
}


def collect(program, lines, suffix, to, work, *options):
    """The table of some lines."""
    path = work / ("lines" + suffix)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    command = [program, "collect", "--input", path, "--output", work / "table", "--overwrite", "--progress", "none"]
    done = subprocess.run([*command, *options], stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    (work / "table/templates.table").rename(to)


def prepare(program, path, split, folder):
    folder.mkdir(parents=True, exist_ok=True)
    lines = gzip.decompress(path.read_bytes()).removesuffix(b"\n").split(b"\n")
    is_held, how = split(lines)
    train = [line for line, held in zip(lines, is_held) if not held]
    held = [line for line, held in zip(lines, is_held) if held]
    suffix = path.suffixes[-2]
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        collect(program, train, suffix, folder / "train.table", work)
        collect(program, held, suffix, folder / "held-out.table", work)
        collect(program, held, suffix, folder / "normal.table", work, "--drop-keywords", "original")
    with gzip.open(folder / ("held-out" + suffix + ".gz"), "wb") as file:
        file.writelines(line + b"\n" for line in held)
    facts = {"from": path.name, "lines": len(train), "heldOut": len(held), "heldOutBy": how}
    (folder / "set.json").write_text(json.dumps(facts))


def main():
    program, data, out = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    for name, (path, split) in SETS.items():
        prepare(program, data / path, split, out / name)


main()
