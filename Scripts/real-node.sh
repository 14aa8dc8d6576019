#!/usr/bin/env bash
# Trains on the real Kubernetes logs of ../shared from a file and from real OpenSearch nodes of both generations: the
# table must be the same, and no scroll may stay open.
set -euo pipefail
cd "$(dirname "$0")/.."

shared=${OPNILOG_SHARED:-$PWD/../shared}
node=${OPNILOG_NODE:-$shared/opensearch/node}
logs=$shared/data/kubernetes/cluster-a.ndjson.gz
program=${OPNILOG_PROGRAM:-.build/debug/opnilog-train}
if ! [ -x "$node" ] || ! [ -r "$logs" ]; then
    echo "real nodes: skipped, there is no OpenSearch node or no sample data in ../shared"
    [ "${OPNILOG_REQUIRE_ALL:-}" != 1 ]
    exit
fi

fail() { echo "real nodes: $1" >&2; exit 1; }

work=$(mktemp -d)
running=
cleanup() {
    [ -z "$running" ] || "$node" stop "$running" > /dev/null
    rm -rf "$work"
}
trap cleanup EXIT

field() { python3 -c 'import json, sys; value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."): value = value[key]
print(value)' "$@"; }
scrolls() { python3 -c 'import json, sys, urllib.request
nodes = json.load(urllib.request.urlopen(sys.argv[1] + "/_nodes/stats/indices/search"))["nodes"]
print(sum(node["indices"]["search"]["scroll_current"] for node in nodes.values()))' "$1"; }

"$program" collect --input "$logs" --output "$work/file" --progress none 2> /dev/null
expected=$(field "$work/file/manifest.json" table.tableDigest)
echo "file: $(field "$work/file/manifest.json" read.lines) lines, table digest $expected"

for version in 2.19 3.8; do
    java=()
    if [ "$version" = 3.8 ] && [ -n "${OPNILOG_JAVA:-}" ]; then java=(--java "$OPNILOG_JAVA"); fi
    for attempt in 1 2 3; do
        # A busy machine may be too slow for the time that a node is given to begin.
        if "$node" start --version "$version" --ttl 3600 "${java[@]}" > "$work/node.json" 2> "$work/node.log"; then break; fi
        [ $attempt -lt 3 ] || fail "OpenSearch $version does not start: $(tail -n 1 "$work/node.log")"
    done
    running=$(field "$work/node.json" dir)
    url=$(field "$work/node.json" url)
    "$node" load "$running" "$logs" --index logs --shards 2 > "$work/load.json" 2>> "$work/node.log"
    "$program" train --endpoint "$url" --output "$work/$version" --samples 1000 --steps 10 --progress none 2> "$work/log"
    digest=$(field "$work/$version/manifest.json" table.tableDigest)
    open=$(scrolls "$url")
    echo "OpenSearch $version: $(field "$work/$version/manifest.json" read.lines) lines," \
        "$(python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["read"]["windows"]))' "$work/$version/manifest.json") windows," \
        "table digest $digest, $open open scrolls"
    [ "$digest" = "$expected" ] || fail "the table from OpenSearch $version is not that from the file"
    [ "$open" = 0 ] || fail "$open scrolls are still open"
    "$node" stop "$running" > /dev/null
    running=
done
