#!/usr/bin/env bash
# Memory and file descriptors stay flat: simulated documents read in one go, and an index read twenty times in one
# process from a real node, where there is one.
#
# usage: Benchmarks/scroll-memory.sh [DOCUMENTS]   (100,000,000 by default)
# Writes Benchmarks/results/scroll-memory.csv (seconds, resident KiB) and scroll-rounds.csv, and prints the slopes.
set -euo pipefail
cd "$(dirname "$0")/.."

documents=${1:-100000000}
built=.build/bench-scroll
results=Benchmarks/results
shared=${OPNILOG_SHARED:-$PWD/../shared}
node=${OPNILOG_NODE:-$shared/opensearch/node}
swift build --package-path Benchmarks/scroll --scratch-path "$built" --disable-build-manifest-caching -c release -Xswiftc -enable-testing >&2
bench=$built/release/ScrollBench

coproc SERVER { exec .build/release/opnilog-train simulate --documents "$documents" --port 0; }
directory=
cleanup() {
    kill "$SERVER_PID" 2> /dev/null || true
    if [ -n "$directory" ]; then "$node" stop "$directory" > /dev/null; fi
}
trap cleanup EXIT
read -r url <&"${SERVER[0]}"

"$bench" "$url" logs 0 automatic > "$built/once.json" &
reader=$!
start=$(date +%s)
echo "seconds,resident_kib" > "$results/scroll-memory.csv"
while kill -0 "$reader" 2> /dev/null; do
    kib=$(awk '/VmRSS/ { print $2 }' "/proc/$reader/status" 2> /dev/null || true)
    [ -z "$kib" ] || echo "$(($(date +%s) - start)),$kib" >> "$results/scroll-memory.csv"
    sleep 1
done
wait "$reader"
echo "read once: $(cat "$built/once.json")"

# MiB an hour over the second half of a file of (seconds, KiB).
slope() {
    awk -F, 'NR > 1 { t[++n] = $1; m[n] = $2 / 1024 }
        END { for (i = int(n / 2) + 1; i <= n; i++) { k++; st += t[i]; sm += m[i]; stt += t[i]^2; stm += t[i] * m[i] }
              d = k * stt - st^2; printf "%.2f", (d == 0 ? 0 : (k * stm - st * sm) / d * 3600) }' "$1"
}
echo "resident memory, MiB an hour over the second half: $(slope "$results/scroll-memory.csv")"

[ -x "$node" ] || exit 0
started=$("$node" start --heap 1g --ttl 3600)
directory=$(python3 -c 'import json, sys; print(json.loads(sys.argv[1])["dir"])' "$started")
url=$(python3 -c 'import json, sys; print(json.loads(sys.argv[1])["url"])' "$started")
"$node" load "$directory" "$shared/data/kubernetes/cluster-a.ndjson.gz" --index logs --shards 2 > /dev/null
"$bench" "$url" logs 0 automatic 20 > "$built/rounds.json"
python3 - "$built/rounds.json" "$results/scroll-rounds.csv" << 'END'
import json, sys
rounds = [json.loads(line) for line in open(sys.argv[1])]
with open(sys.argv[2], "w") as file:
    file.write("round,documents,seconds,resident_bytes,descriptors\n")
    for number, r in enumerate(rounds, 1):
        file.write(f"{number},{r['documents']},{r['seconds']:.3f},{r['rss']},{r['descriptors']}\n")
late = rounds[len(rounds) // 2:]
print(f"{len(rounds)} rounds from a real node: resident MiB {late[0]['rss'] / 2**20:.1f} in the middle, "
      f"{late[-1]['rss'] / 2**20:.1f} at the end; descriptors {late[0]['descriptors']} and {late[-1]['descriptors']}")
END
