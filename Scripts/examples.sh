#!/usr/bin/env bash
# Builds and runs the packages of Examples/ as a dependant would: PageCount with no libtorch to be found.
set -euo pipefail
cd "$(dirname "$0")/.."

program=.build/debug/opnilog-train
example() { echo "$PWD/.build/examples/$1"; }
build() {
    local log
    log=$(swift build --package-path "Examples/$1" --scratch-path "$(example "$1")" 2>&1) || { echo "$log" >&2; exit 1; }
}

build PageCount
coproc SERVER { exec "$program" simulate --documents 20000 --port 0; }
trap 'kill "$SERVER_PID" 2> /dev/null || true' EXIT
read -r url <&"${SERVER[0]}"
counted=$(env -u OPNILOG_TORCH "$(example PageCount)/debug/PageCount" "$url" logs)
echo "PageCount: $counted"
[[ "$counted" == *" pages, 20000 documents" ]]
if readelf -d "$(example PageCount)/debug/PageCount" | grep -q torch; then
    echo "PageCount links libtorch, but must not" >&2
    exit 1
fi

build TrainFromService
output=$(mktemp -d)
"$(example TrainFromService)/debug/TrainFromService" "$output"
[ -s "$output/nulog_model_latest.pt" ]
[ -s "$output/vocab.txt" ]
rm -r "$output"
