#!/usr/bin/env bash
# What tables and draws take: masked lines a second into a table, memory a template, runs, merges and draws.
#
# usage: Benchmarks/dataset.sh [TEMPLATES]   (1,000,000 by default)
# Writes Benchmarks/results/dataset.txt.
set -euo pipefail
cd "$(dirname "$0")/.."

. Benchmarks/dataset-build.sh
{
    echo "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(nproc) cores, $(date -u +%Y-%m-%d)"
    "$built/release/DatasetBench" speed "${1:-1000000}"
} | tee Benchmarks/results/dataset.txt
