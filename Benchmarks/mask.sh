#!/usr/bin/env bash
# Masking beside a plain Python implementation of the same rules, on real logs.
#
# usage: Benchmarks/mask.sh DATA   (the folder with loghub/*_2k.log.gz and kubernetes/cluster-a.ndjson.gz)
# Writes Benchmarks/results/mask.txt; fails where a text differs from Python's or a threshold is missed.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=.build/mask-bench
log=$(swift build -c release --disable-build-manifest-caching --package-path Benchmarks/mask --scratch-path "$scratch" 2>&1) || { echo "$log" >&2; exit 1; }
python3 Benchmarks/mask.py "$scratch/release/MaskBench" "${1:-../shared/data}" | tee Benchmarks/results/mask.txt
