#!/usr/bin/env bash
# What a sliding window of 30 days reads on day 31, after late documents, after an index was dropped and after a new
# one came, beside runs from scratch, from the embedded server. Each table is held against that of the run from scratch.
#
# usage: Benchmarks/window.sh [DOCUMENTS]   (an hour; 20 by default)
# Writes Benchmarks/results/window.txt.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v column > /dev/null || { echo "window: apt-get install bsdextrautils" >&2; exit 69; }
results=$PWD/Benchmarks/results/window.txt
OPNILOG_WINDOW_DOCUMENTS=${1:-20} OPNILOG_WINDOW_RESULTS=$results \
    Scripts/test.sh --filter '^LogDatasetTests\.SlidingWindowTests/slides'
aligned=$(head -n 2 "$results" && tail -n +3 "$results" | column -t -s $'\t')
echo "$aligned" | tee "$results"
