#!/usr/bin/env bash
# Whether draws keep their laws, on simulated streams: chi2, |n - K p| < 1, means over 1,000 seeds, and the total variation
# from the true law beside that of the original's draw by pages.
#
# usage: Benchmarks/laws.sh [LINES]   (100,000,000 by default)
# Writes Benchmarks/results/laws.txt; fails where a law is broken.
set -euo pipefail
cd "$(dirname "$0")/.."

. Benchmarks/dataset-build.sh
"$built/release/DatasetBench" laws "${1:-100000000}" | tee Benchmarks/results/laws.txt
