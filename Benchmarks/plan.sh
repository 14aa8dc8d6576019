#!/usr/bin/env bash
# What `plan` predicts beside what `collect` then takes, on generated logs from the embedded server.
#
# usage: Benchmarks/plan.sh [DOCUMENTS…]   (50000 and 1000000 by default)
# Prints and writes Benchmarks/results/plan.txt. Times and memory mean something on a quiet machine only.
set -euo pipefail
cd "$(dirname "$0")/.."

program=.build/release/opnilog-train
results=Benchmarks/results/plan.txt
work=$(mktemp -d)
server=
cleanup() {
    if [ -n "$server" ]; then kill "$server" 2> /dev/null || true; fi
    rm -rf "$work"
}
trap cleanup EXIT

compare() { # compare DOCUMENTS: a line a figure
    python3 - "$1" "$work/plan.json" "$work/out/manifest.json" "$work/out/templates.table" << 'PYTHON'
import json, os, sys
planned, manifest = (json.load(open(path)) for path in sys.argv[2:4])
rows = [
    ("documents", planned["documents"], manifest["read"]["lines"] + manifest["read"]["documentsWithoutField"]),
    ("message bytes", planned["messageBytes"], manifest["read"]["bytes"]),
    ("templates", planned["templates"], manifest["table"]["templates"]),
    ("table bytes", planned["tableBytes"], os.path.getsize(sys.argv[4])),
    ("memory bytes", planned["memoryBytes"], manifest["peakResidentBytes"]),
    ("seconds", planned["seconds"], manifest["seconds"]),
]
print(f"{sys.argv[1]} documents: planned, taken, difference")
for name, before, after in rows:
    print(f"  {name:<14}{before:>16,.2f}{after:>16,.2f}{100 * (before / after - 1):>+8.1f} %")
PYTHON
}

: > "$results"
if [ $# -eq 0 ]; then set -- 50000 1000000; fi
for documents in "$@"; do
    coproc SERVER { exec "$program" simulate --documents "$documents" --port 0; }
    server=$SERVER_PID
    read -r url <&"${SERVER[0]}"
    "$program" plan --endpoint "$url" --json --progress none > "$work/plan.json"
    "$program" collect --endpoint "$url" --output "$work/out" --overwrite --progress none 2> /dev/null
    compare "$documents" | tee -a "$results"
    kill "$server"
    wait "$server" 2> /dev/null || true
    server=
done
