#!/usr/bin/env bash
# Reads from real OpenSearch nodes of both versions in one process of Examples/ScrollRounds: a small index twenty times,
# with flat memory and file descriptors, and 300 documents of a megabyte within 64 MiB above what the process holds
# before. Writes the rounds to Benchmarks/results/scroll-rounds.csv.
set -euo pipefail
cd "$(dirname "$0")/.."

shared=${OPNILOG_SHARED:-$PWD/../shared}
node=${OPNILOG_NODE:-$shared/opensearch/node}
if ! [ -x "$node" ]; then
    echo "rounds: skipped, there is no OpenSearch node in ../shared"
    [ "${OPNILOG_REQUIRE_ALL:-}" != 1 ]
    exit
fi

work=$(mktemp -d)
running=
cleanup() {
    [ -z "$running" ] || "$node" stop "$running" > /dev/null
    rm -rf "$work"
}
trap cleanup EXIT

swift build -c release --package-path Examples/ScrollRounds --scratch-path .build/examples/ScrollRounds > "$work/build.log" 2>&1 ||
    { cat "$work/build.log" >&2; exit 1; }
program=.build/examples/ScrollRounds/release/ScrollRounds

python3 - "$work" << 'END'
import json, sys
with open(sys.argv[1] + "/small.ndjson", "w") as file:
    for number in range(60_000):
        line = {"time": 1_627_977_600_000 + number * 720, "log": f"request {number} took {number % 97} ms " + "and went on " * 15}
        file.write(json.dumps(line) + "\n")
with open(sys.argv[1] + "/large.ndjson", "w") as file:
    for number in range(300):
        file.write(json.dumps({"time": 1_627_977_600_000 + number, "log": f"{number:07} " * (1 << 17)}) + "\n")
END

field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$@"; }
results=Benchmarks/results/scroll-rounds.csv
echo "version,index,round,documents,rss_kb,peak_kb,fds" > "$work/rounds.csv"
for version in 2.19 3.8; do
    java=()
    if [ "$version" = 3.8 ] && [ -n "${OPNILOG_JAVA:-}" ]; then java=(--java "$OPNILOG_JAVA"); fi
    "$node" start --version "$version" --heap 1g --ttl 900 "${java[@]}" > "$work/node.json" 2> "$work/node.log"
    running=$(field "$work/node.json" dir)
    url=$(field "$work/node.json" url)
    for size in small large; do
        "$node" load "$running" "$work/$size.ndjson" --index "$size" --shards 2 > "$work/load.json" 2>> "$work/node.log"
        rounds=20
        [ "$size" = small ] || rounds=3
        "$program" "$url" "$size" "$rounds" | tail -n +2 | sed "s/^/$version,$size,/" >> "$work/rounds.csv"
    done
    "$node" stop "$running" > /dev/null
    running=
done
cp "$work/rounds.csv" "$results"

python3 - "$results" << 'END'
import csv, itertools, sys
failed = False
with open(sys.argv[1]) as file:
    rows = [{key: value if key in ("version", "index") else int(value) for key, value in row.items()} for row in csv.DictReader(file)]
for (version, index), group in itertools.groupby(rows, lambda row: (row["version"], row["index"])):
    start, *rounds = group
    documents = {row["documents"] for row in rounds}
    # What a process needs it has got after some rounds.
    later = rounds[len(rounds) // 4:]
    growth = later[-1]["rss_kb"] - later[0]["rss_kb"]
    descriptors = {row["fds"] for row in rounds}
    peak = rounds[-1]["peak_kb"] - start["rss_kb"]
    print(f"{version} {index}: {len(rounds)} rounds of {documents} documents, peak {peak / 1024:.1f} MiB above {start['rss_kb'] / 1024:.1f},"
          f" then {growth:+} KiB, {min(descriptors)} to {max(descriptors)} file descriptors")
    if documents != ({60_000} if index == "small" else {300}):
        failed = print("  not all documents came") or True
    if peak > 64 << 10:
        failed = print("  the peak is above 64 MiB") or True
    if growth > 4 << 10 or rounds[-1]["fds"] > rounds[0]["fds"] + 1:
        failed = print("  it grows") or True
sys.exit(failed)
END
