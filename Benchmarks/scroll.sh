#!/usr/bin/env bash
# How fast an index is read, beside a bare libcurl loop and opensearch-py: from the embedded server, and from a real node
# where OPNILOG_NODE or ../shared has the script that starts one.
#
# usage: Benchmarks/scroll.sh [ROUNDS] [FILE]   (9 by default; OPNILOG_BENCH_DOCUMENTS, 1,000,000 by default;
# OPNILOG_BENCH_SERVERS, "embedded node" or one of them)
# Writes FILE, Benchmarks/results/scroll.txt by default.
set -euo pipefail
cd "$(dirname "$0")/.."

shared=${OPNILOG_SHARED:-$PWD/../shared}
node=${OPNILOG_NODE:-$shared/opensearch/node}
[ -x "$node" ] || node=
built=.build/bench-scroll
swift build --package-path Benchmarks/scroll --scratch-path "$built" --disable-build-manifest-caching -c release -Xswiftc -enable-testing >&2
cc -O2 -Wall -Wextra -o "$built/bare" Benchmarks/scroll/bare.c -lcurl
"${OPNILOG_PYTHON:-.build/python/bin/python}" Benchmarks/scroll.py "$built/release/ScrollBench" \
    "$built/release/DecodeBench" "$built/bare" "${OPNILOG_PYTHON:-.build/python/bin/python}" \
    .build/release/opnilog-train "$node" "$shared/data/kubernetes/cluster-a.ndjson.gz" "${2:-Benchmarks/results/scroll.txt}" \
    "${1:-9}"
