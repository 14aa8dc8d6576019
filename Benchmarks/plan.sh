#!/usr/bin/env bash
# What `plan` predicts beside what `collect` then takes, on generated logs from the embedded server.
#
# usage: [ROUNDS=8] Benchmarks/plan.sh [DOCUMENTS…]   (5000 to 3000000 by default), then a slow server
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

record() { # a line of figures planned and taken
    python3 - "$work/plan.json" "$work/out/manifest.json" "$work/out/templates.table" << 'PYTHON' >> "$work/rounds"
import json, os, sys
planned, manifest = (json.load(open(path)) for path in sys.argv[1:3])
print(json.dumps({
    "documents": (planned["documents"], manifest["read"]["lines"] + manifest["read"]["documentsWithoutField"]),
    "message bytes": (planned["messageBytes"], manifest["read"]["bytes"]),
    "templates": (planned["templates"], manifest["table"]["templates"]),
    "table bytes": (planned["tableBytes"], os.path.getsize(sys.argv[3])),
    "memory bytes": (planned["memoryBytes"], manifest["peakResidentBytes"]),
    "seconds": (planned["seconds"], manifest["seconds"]),
}))
PYTHON
}

compare() { # compare TITLE: the last round figure by figure, the seconds of all of them
    python3 - "$1" "$work/rounds" << 'PYTHON'
import json, statistics, sys
rounds = [json.loads(line) for line in open(sys.argv[2])]
print(f"{sys.argv[1]}: planned, taken, difference")
for name, (before, after) in rounds[-1].items():
    print(f"  {name:<14}{before:>16,.2f}{after:>16,.2f}{100 * (before / after - 1):>+8.1f} %")
errors = [100 * (before / after - 1) for before, after in (a["seconds"] for a in rounds)]
print(f"  seconds in {len(errors)} rounds: {sum(abs(e) <= 15 for e in errors)} within 15 %, median "
      f"{statistics.median(errors):+.1f} %, all " + " ".join(f"{error:+.1f}" for error in errors))
PYTHON
}

measure() { # measure TITLE DOCUMENTS [OPTION…]
    local title=$1 documents=$2
    shift 2
    coproc SERVER { exec "$program" simulate --documents "$documents" --port 0 "$@" 2> /dev/null; }
    server=$SERVER_PID
    read -r url <&"${SERVER[0]}"
    : > "$work/rounds"
    for ((round = 1; round <= ${ROUNDS:-8}; round++)); do
        "$program" plan --endpoint "$url" --json --progress none > "$work/plan.json"
        "$program" collect --endpoint "$url" --output "$work/out" --overwrite --progress none 2> /dev/null
        record
    done
    compare "$title" | tee -a "$results"
    kill "$server"
    wait "$server" 2> /dev/null || true
    server=
}

: > "$results"
if [ $# -eq 0 ]; then set -- 5000 50000 200000 1000000 3000000; fi
for documents in "$@"; do
    measure "$documents documents" "$documents"
done
measure "1000000 documents, every other answer in eight pieces with a pause before each" 1000000 \
    --faults rate=0.5,seed=1,kinds=slow-bytes
