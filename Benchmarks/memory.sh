#!/usr/bin/env bash
# Memory stays flat: simulated documents through `collect` and `train` with --memory 384MiB, each inside a memory
# cgroup of 512 MiB (for `train` plus what libtorch itself holds), then the same data with memory to spare, which must
# give the same table and the same model.
#
# usage: Benchmarks/memory.sh [DOCUMENTS]   (root; 10,000,000 documents by default)
# Writes Benchmarks/results/memory.txt and the resident memory over time, memory-collect.csv and memory-train.csv.
set -euo pipefail
cd "$(dirname "$0")/.."

documents=${1:-10000000}
limit=$((512 << 20))
libtorch=$((130 << 20))
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

value() { python3 -c 'import json, sys; m = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."): m = m[key]
print(m)' "$1/manifest.json" "$2"; }

{
    exec 3>&1
    echo "documents: $documents, --memory 384MiB, $(nproc) cores, $(date -u +%Y-%m-%d)"
    echo "collect:"
    SECONDS=0
    within $limit "$program" collect --endpoint "$url" --output "$work/table" --memory 384MiB --progress plain 2> "$work/log"
    echo "  $SECONDS s, $((documents / (SECONDS > 0 ? SECONDS : 1))) documents/s"
    describe "$work/table/memory.csv"
    echo "train --table:"
    SECONDS=0
    within $((limit + libtorch)) "$program" train --table "$work/table/templates.table" --output "$work/model" --memory 384MiB --progress plain 2> "$work/log"
    echo "  $SECONDS s"
    describe "$work/model/memory.csv"
    "$program" train --endpoint "$url" --output "$work/spacious" --memory 8GiB --progress plain 2> "$work/log"
    echo "the same documents with --memory 8GiB, nothing on disk:"
    for folder_name in model spacious; do
        echo "  $folder_name: table $(value "$work/$folder_name" dataset.tableDigest | cut -c1-16)," \
            "held-out loss $(value "$work/$folder_name" training.heldOutLoss)," \
            "accuracy $(value "$work/$folder_name" training.heldOutAccuracy)," \
            "model $(sha256sum < "$work/$folder_name/nulog_model_latest.pt" | cut -c1-16)"
    done
} | tee "$results/memory.txt"
cp "$work/table/memory.csv" "$results/memory-collect.csv"
cp "$work/model/memory.csv" "$results/memory-train.csv"
cmp "$work/model/nulog_model_latest.pt" "$work/spacious/nulog_model_latest.pt"
