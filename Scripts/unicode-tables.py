#!/usr/bin/env python3
"""Writes the Unicode tables of LogMasking, with Python 3.11's own `re` and `str` as the authority.

    python3 Scripts/unicode-tables.py

writes Sources/LogMasking/UnicodeTables.swift (ranges, for the scanner) and
Tests/LogMaskingTests/Resources/unicode-classes.txt (one line a run of equal code points, for its test).
"""

import pathlib
import re
import sys
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "Sources/LogMasking/UnicodeTables.swift"
RESOURCE = ROOT / "Tests/LogMaskingTests/Resources/unicode-classes.txt"
LIMIT = 0x110000
SIGMA, FINAL_SIGMA = "\u03a3", "\u03c2"


def is_scalar(point):
    return not 0xD800 <= point <= 0xDFFF


def is_cased(char):
    """Cased and not skipped where str.lower looks for the end of a word."""
    return (char + SIGMA).lower()[-1] == FINAL_SIGMA


def is_ignorable(char):
    return not is_cased(char) and ("A" + char + SIGMA).lower()[-1] == FINAL_SIGMA


CLASSES = {
    "word": ("w", re.compile(r"\w").match),
    "decimal": ("d", re.compile(r"\d").match),
    "space": ("s", re.compile(r"\s").match),
    "cased": ("c", is_cased),
    "ignorable": ("i", is_ignorable),
}


def ranges(holds):
    found, start = [], None
    for point in range(LIMIT + 1):
        inside = point < LIMIT and is_scalar(point) and bool(holds(chr(point)))
        if inside and start is None:
            start = point
        elif not inside and start is not None:
            found.append((start, point - 1))
            start = None
    return found


def lowercase_runs():
    """(first, last, step, image of first): points `step` apart whose images are as far from them as the first's."""
    runs = []
    for point in filter(is_scalar, range(LIMIT)):
        lower = chr(point).lower()
        if lower == chr(point) or len(lower) > 1:
            continue
        image = ord(lower)
        if runs:
            first, last, step, first_image = runs[-1]
            gap = point - last
            if image - point == first_image - first and gap <= 2 and (first == last or gap == step):
                runs[-1] = (first, point, gap, first_image)
                continue
        runs.append((point, point, 1, image))
    return runs


def swift_array(name, comment, rows):
    lines, line = [], "       "
    for row in rows:
        text = "".join(f" 0x{number:X}," if number > 9 else f" {number}," for number in row)
        if len(line) + len(text) > 118:
            lines.append(line)
            line = "       "
        line += text
    lines.append(line)
    body = "\n".join(lines)
    return f"    /// {comment}\n    static let {name}: [UInt32] = [\n{body}\n    ]\n"


def write_source():
    parts = [
        swift_array("word", "First and last points of what `\\w` matches.", ranges(CLASSES["word"][1])),
        swift_array("decimal", "First and last points of what `\\d` matches.", ranges(CLASSES["decimal"][1])),
        swift_array("space", "First and last points of what `\\s` matches.", ranges(CLASSES["space"][1])),
        swift_array("cased", "First and last points of the cased letters around a sigma.", ranges(is_cased)),
        swift_array("ignorable", "First and last points of what is skipped around a sigma.", ranges(is_ignorable)),
        swift_array("lowercase", "First and last point, step, image of the first point.", lowercase_runs()),
    ]
    SOURCE.write_text(
        "// Written by Scripts/unicode-tables.py. Do not edit.\n\n"
        f"/// Character classes and lower case of Unicode {unicodedata.unidata_version}.\n"
        "enum UnicodeTables {\n" + "\n".join(parts) + "}\n",
        encoding="utf-8",
    )


def write_resource():
    """Lines `first last letters image…`: the classes of each point, then its lower case less the point itself."""
    lines, first, before = [], None, None
    for point in range(LIMIT + 1):
        now = None
        if point < LIMIT and is_scalar(point):
            char = chr(point)
            letters = "".join(letter for letter, holds in CLASSES.values() if holds(char)) or "-"
            images = " ".join(str(ord(c) - (point if n == 0 else 0)) for n, c in enumerate(char.lower()))
            now = f"{letters} {images}"
        if now != before:
            if before is not None:
                lines.append(f"{first:x} {point - 1:x} {before}")
            first, before = point, now
    RESOURCE.parent.mkdir(parents=True, exist_ok=True)
    RESOURCE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.version_info[:2] != (3, 11):
        sys.exit("unicode-tables.py: Python 3.11 is the authority; run it with python3.11")
    write_source()
    write_resource()
