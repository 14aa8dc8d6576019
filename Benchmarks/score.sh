#!/usr/bin/env bash
# Scoring beside the original's way of it, by turns in one run, on the same Kubernetes logs with the same model.
#
# usage: Benchmarks/score.sh DATA [OPTIONS]   (DATA: the folder with kubernetes/; options of score.py)
# Writes Benchmarks/results/score.txt.
#
# One side is the release binary, `opnilog-train score FILE`, from its start to its last line, as people run it. The other is
# Benchmarks/score.py's plain PyTorch, which does what the original's service does with a payload of 512 logs: mask each by
# regular expressions, then score each distinct masked text by itself, all its positions as rows of 64 tokens, by a full
# sort of each row's logits. Its clock runs over masking and scoring alone, on blocks from all over the logs.
set -euo pipefail
cd "$(dirname "$0")/.."

data=${1:-../shared/data}
shift || true
program=.build/release/opnilog-train
work=.build/bench-score
rm -rf "$work"
mkdir -p "$work"
logs=$data/kubernetes/cluster-a.ndjson.gz
"$program" train --input "$logs" --output "$work/model" --steps 150 --samples 3600 --device cpu --progress none 2> /dev/null
"${OPNILOG_PYTHON:-.build/python/bin/python}" Benchmarks/score.py "$program" "$work" "$logs" "$@" \
    | tee Benchmarks/results/score.txt
