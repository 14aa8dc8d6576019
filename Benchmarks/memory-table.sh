#!/usr/bin/env bash
# Memory stays within the budget whatever the number of templates: simulated documents through `collect`, then a draw, each
# inside a memory cgroup of the budget, 5 % and the program's own base. Of N simulated documents some
# 4.6 * (N / 12)^0.8 templates are distinct (LogGenerator): 10^9 have 9.9 million, 57 million have one.
#
# usage: Benchmarks/memory-table.sh [DOCUMENTS [MIB]]   (root; 1,000,000,000 documents in 512 MiB by default)
# Writes Benchmarks/results/memory-table.txt and the resident memory over time, memory-table.csv.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -x /usr/bin/time ] || { echo "memory-table: apt-get install time" >&2; exit 69; }
documents=${1:-1000000000}
budget=$((${2:-512} << 20))
program=.build/release/opnilog-train
results=Benchmarks/results
work=$(mktemp -d)
group=opnilog-memory-$$
. Benchmarks/memory-cgroup.sh

coproc SERVER { exec "$program" simulate --documents "$documents" --port 0; }
cleanup() {
    kill "$SERVER_PID" 2> /dev/null || true
    rmdir "$folder" 2> /dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
read -r url <&"${SERVER[0]}"

# What the program takes before it has anything to keep: the peak of masking one line.
base=$(echo one line > "$work/line"; /usr/bin/time -f %M "$program" mask --input "$work/line" --input-format text 2>&1 > /dev/null | tail -1)
limit=$((budget + budget / 20 + base * 1024))
{
    exec 3>&1
    echo "documents: $documents, --memory $((budget >> 20))MiB + 5 % + a base of $((base >> 10)) MiB, $(nproc) cores, $(date -u +%Y-%m-%d)"
    echo "collect:"
    SECONDS=0
    within $limit "$program" collect --endpoint "$url" --output "$work/table" --memory "$((budget >> 20))MiB" --progress plain 2> "$work/log"
    echo "  $SECONDS s, $((documents / (SECONDS > 0 ? SECONDS : 1))) documents/s"
    stages "$work/table/memory.csv"
    describe "$work/table/memory.csv"
    tail -1 "$work/log" | sed -E 's/^opnilog-train: (.*) in .*, (table digest .*)/  \1, \2/'
    echo "sample --table, 48,000 draws:"
    SECONDS=0
    within $limit "$program" sample --table "$work/table/templates.table" --memory "$((budget >> 20))MiB" --progress none 2> "$work/log" > "$work/subset"
    echo "  $SECONDS s for the vocabulary, the weights and the draw; $(wc -l < "$work/subset") templates drawn"
} | tee "$results/memory-table.txt"
cp "$work/table/memory.csv" "$results/memory-table.csv"
