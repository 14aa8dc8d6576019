#!/usr/bin/env bash
# The whole job: real Kubernetes logs (those of DATA six times, a day apart, 1,040,802 lines) in a real OpenSearch node, to
# an evaluated model, at the defaults. What the node itself takes of the cores is part of it.
#
# usage: Benchmarks/job.sh [OPTIONS OF TRAIN]
# Writes Benchmarks/results/job.txt. Exits with 1 if the whole takes longer than its goal.
set -euo pipefail
cd "$(dirname "$0")/.."

shared=${OPNILOG_SHARED:-$PWD/../shared}
node=${OPNILOG_NODE:-$shared/opensearch/node}
program=.build/release/opnilog-train
[ -x "$node" ] || { echo "job: no OpenSearch node; set OPNILOG_NODE" >&2; exit 69; }

work=$(mktemp -d)
running=
cleanup() {
    [ -z "$running" ] || "$node" stop "$running" > /dev/null
    rm -rf "$work"
}
trap cleanup EXIT

python3 - "$shared/data/kubernetes/cluster-a.ndjson.gz" "$work/logs.ndjson" << 'PYTHON'
import datetime
import gzip
import json
import sys

lines = [json.loads(line) for line in gzip.open(sys.argv[1], "rt")]
with open(sys.argv[2], "w") as out:
    for day in range(6):
        for line in lines:
            time = line.get("time")
            if time:
                moment = datetime.datetime.fromisoformat(time.replace("Z", "+00:00")) + datetime.timedelta(days=day)
                line = line | {"time": moment.isoformat().replace("+00:00", "Z")}
            out.write(json.dumps(line) + "\n")
PYTHON
"$node" start --version 2.19 --ttl 1800 > "$work/node.json"
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$@"; }
running=$(field "$work/node.json" dir)
"$node" load "$running" "$work/logs.ndjson" --index logs --shards 2 > "$work/load.json" 2> "$work/load.log"
rm "$work/logs.ndjson"

before=$(date +%s.%N)
"$program" train --endpoint "$(field "$work/node.json" url)" --output "$work/model" --progress none "$@" 2> "$work/log"
python3 - "$work/model" "$before" << 'PYTHON' | tee Benchmarks/results/job.txt
import datetime
import json
import os
import sys
import time

manifest = json.load(open(sys.argv[1] + "/manifest.json"))
training, dataset = manifest["training"], manifest["dataset"]
total = time.time() - float(sys.argv[2])
goal = 240
steps = [json.loads(line) for line in open(sys.argv[1] + "/metrics.jsonl")]
ends = {step["phase"]: step["seconds"] for step in steps if "phase" in step and "seconds" in step}
print(f"{manifest['read']['lines']:,} lines of a real node, {os.cpu_count()} cores, {datetime.date.today()}")
print(f"  reading, masking, table, vocabulary   {total - training['seconds']:6.1f} s")
print(f"  fit                                   {training['fitSeconds']:6.1f} s   {training['steps']:,} steps, {dataset['samples']:,} logs a subset")
print(f"  figures on held-out lines             {ends['evaluation'] - training['fitSeconds']:6.1f} s   {training['heldOutLogs']:,} logs")
print(f"  closing pass                          {training['seconds'] - ends['evaluation']:6.1f} s   {training['closingSteps']:,} steps")
print(f"  in all                                {total:6.1f} s   (goal: {goal})")
print(f"  held-out loss {training['heldOutLoss']:.4f}, accuracy {training['heldOutAccuracy']:.4f}, perplexity {training['heldOutPerplexity']:.2f}, among the 50 highest {training['heldOutAmong50']:.4f}")
sys.exit(1 if total > goal else 0)
PYTHON
