#!/usr/bin/env bash
# Hunts for faults of the masker.
#
# usage: Scripts/fuzz-mask.sh differential [LINES]   generated lines, scanners against the literal interpreter of the tests
#        Scripts/fuzz-mask.sh sanitized [SECONDS]    any bytes, under libFuzzer and the address sanitizer
set -euo pipefail
cd "$(dirname "$0")/.."

build=.build/mask-fuzz
sources=(Sources/LogMasking/*.swift)
mkdir -p "$build/include"
cp Shims/CBytes/include/*.h Shims/CPCRE2/include/*.h "$build/include"
for shim in CBytes:bytes CPCRE2:pcre2; do echo "module ${shim%:*} { header \"opnilog_${shim#*:}.h\" export * }"; done > "$build/include/module.modulemap"
clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang

# The interpreter belongs to the tests and so imports the module that it is compiled into here: hence no warnings.
compile() { # compile OUTPUT SWIFT-FLAGS… -- C-FLAGS…
    local output=$1 flags=()
    shift
    while [ "$1" != -- ]; do flags+=("$1") && shift; done
    shift
    for file in Shims/CBytes/*.c Shims/CPCRE2/*.c; do
        "$clang" -std=c17 "$@" -I "$build/include" -c "$file" -o "$build/$output.$(basename "$file").o"
    done
    swiftc -swift-version 6 -parse-as-library -suppress-warnings -whole-module-optimization -module-name LogMasking \
        -emit-executable -emit-module -emit-module-path "$build/LogMasking.swiftmodule" -I "$build/include" \
        "${flags[@]}" "${sources[@]}" "$build/$output".*.c.o -lpcre2-8 -o "$build/$output"
}

case "${1:-}" in
    differential)
        lines=${2:-10000000} cores=$(nproc)
        sources+=(Tests/LogMaskingTests/Literal/*.swift Scripts/mask-fuzz/differential.swift)
        compile differential -O -- -O2
        jobs=()
        for ((seed = 1; seed <= cores; seed++)); do
            nice "$build/differential" $((lines / cores)) "$seed" &
            jobs+=($!)
        done
        failed=0
        for job in "${jobs[@]}"; do wait "$job" || failed=1; done
        exit $failed ;;
    sanitized)
        sources+=(Scripts/mask-fuzz/libfuzzer.swift)
        compile libfuzzer -g -O -sanitize=fuzzer,address -- -g -O2 -fsanitize=address,fuzzer-no-link,undefined -fsanitize-trap=undefined
        mkdir -p "$build/corpus"
        # The backtracer would hold the pipe open after a crash.
        SWIFT_BACKTRACE=enable=no nice "$build/libfuzzer" -max_total_time="${2:-600}" -max_len=4096 -print_final_stats=1 \
            -artifact_prefix="$build/" -dict=Scripts/mask-fuzz/masks.dict "$build/corpus" ;;
    *) echo "fuzz-mask.sh: say differential or sanitized" >&2 && exit 64 ;;
esac
