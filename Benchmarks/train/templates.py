"""Reads templates.table (docs/table-format.md) and vocab.txt: what both sides of the benchmark are given."""

import pathlib
import struct
import sys

MAGIC = b"OPNITBL\n"
RESERVED = 5  # ids of <PAD>, <CLS>, <MASK>, <UNK>, <NUM>
CLS, MASK, UNKNOWN, NUMBER = 1, 2, 3, 4
LENGTH = 64


def read_table(path):
    """The masked texts with their numbers of lines, in the table's order."""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack_from("<Q", data, len(data) - 24)[0]
    if not (data.startswith(MAGIC) and data.endswith(MAGIC)):
        sys.exit(f"{path} is no table; make one with opnilog-train collect")
    templates, at, end = [], 16, len(data) - 24 - size
    while at < end:
        (length,) = struct.unpack_from("<I", data, at)
        at += 12
        block = at + length
        while at < block:
            lines, _, text = struct.unpack_from("<QQI", data, at + 16)
            at += 36 + text
            templates.append((data[at - text : at].decode(), lines))
    return templates


def has_two_digits(word):
    return sum(character.isdigit() for character in word) > 1


def words_of(text):
    """The words of a masked text as the original cuts it, `<CLS>` first; `<EMPTY>` where there is no other."""
    words = [word for word in ("<CLS> " + text.lower()).split(" ") if word]
    if len(words) == 1:
        words.append("<EMPTY>")
    return ["<NUM>" if has_two_digits(word) else word for word in words]


def read_vocabulary(path):
    """Ids by word, and the number of rows that the model has; from a file of either side."""
    with open(path, newline="\n") as file:
        size = int(file.readline())
        file.readline()
        ids = {}
        for index, line in enumerate(file):
            ids[line.removesuffix("\n")] = index
    return ids, size
