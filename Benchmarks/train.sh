#!/usr/bin/env bash
# Training beside the original's loop, by turns in one run, on the same logs.
#
# usage: Benchmarks/train.sh DATA [OPTIONS]   (DATA: the folder with loghub/ and kubernetes/; options of train/bench.py)
# Writes Benchmarks/results/train.txt.
#
# What is compared. One side is Benchmarks/train/original.py, a plain PyTorch loop written for this benchmark that does what
# the original's training does, step by step (its head says what); the other is the release binary, `opnilog-train
# train`, as people run it, the closing pass and checkpoints included.
#
# - Both are given the same file of training lines, train.table, and neither ever sees the held-out ones, so both know
#   the same words. The original takes what it would take of these lines, ours what its own draws take.
# - Both leave the two files that Opni's service reads. One judge (train/judge.py) loads either's into the literal
#   model and computes cross-entropy and accuracy on the held-out lines, a weight of 1 a line.
# - Seconds are of training: without start, reading and the figures that each side takes of itself. The clock of ours holds
#   its closing pass. "Over the whole process" sets the original's training against our whole process.
# - The time to the original's loss is that of a whole run of ours, with its schedule, which ends there or below: the
#   fewest steps of a ladder whose model does, then as many seeds as there are rounds, of which the median must.
# - Where the original's run would take hours, its seconds are those of a step times its steps, and its loss is measured
#   on a GPU (--original-loss) or else is that of our run with its law, recipe, batch and steps: the text says which.
# - Rows are masked positions of the logs that were drawn. Ours computes equal logs of a batch once; both are shown.
# - The floor of a step counts the operations of its matrix products at torch.mm's rate at the same shapes, and the bytes of
#   Adam at the rate of a copy (train/floor.py).
#
# On a GPU machine without Swift: `make gpu-bundle OUT=DIR`, then Benchmarks/train-prepare.sh DIR adds this benchmark to it.
set -euo pipefail
cd "$(dirname "$0")/.."

data=${1:-../shared/data}
shift || true
python=${OPNILOG_PYTHON:-.build/python/bin/python}
prepared=.build/bench-train
rm -rf "$prepared"
"$python" Benchmarks/train/prepare.py .build/release/opnilog-train "$data" "$prepared/data"
"$python" Benchmarks/train/bench.py .build/release/opnilog-train \
    "${OPNILOG_TORCH:-.build/bridge/libopnilog_torch.so}" "$prepared/data" "$prepared/out" "$@"
cp "$prepared/out/train.txt" Benchmarks/results/train.txt
