#!/usr/bin/env bash
# What can be said of the sources without running them. Each check prints OK, or FAILED with its findings.
#
# usage: Scripts/check.sh [format]   (format: puts the Swift sources in form instead)
set -uo pipefail
cd "$(dirname "$0")/.."

# All that is written in Swift.
swift=(Package.swift Sources Tests Examples/*/Package.swift Examples/*/Sources Benchmarks/*/Package.swift Benchmarks/*/Sources
    Scripts/mask-fuzz)
if [ "${1:-}" = format ]; then exec swift format format -i -r "${swift[@]}"; fi

failed=0
check() { # check NAME COMMAND…: a check passes when its command succeeds and prints nothing
    local name=$1 log
    shift
    if log=$("$@" 2>&1) && [ -z "$log" ]; then
        printf '%-18s OK\n' "$name"
    else
        printf '%-18s FAILED\n%s\n' "$name" "$log"
        failed=1
    fi
}

format() { swift format lint --strict -r "${swift[@]}"; }

# Comments beyond 120 columns, which the linter lets pass.
comments() {
    git ls-files '*.swift' | LC_ALL=C.UTF-8 xargs grep -nE '^ *//.{119}' | grep -E '^[^:]*:[0-9]+:.{121,}'
    true
}

# Each room may import only what lies below it; the shims stand under all. Keep in step with docs/architecture.md.
imports() {
    local room allowed file module
    while read -r room allowed; do
        while IFS=: read -r file module; do
            case " $allowed Glibc FoundationEssentials Dispatch Synchronization " in
                *" $module "*) ;;
                *) echo "$file imports $module; $room may import: $allowed" ;;
            esac
        done < <(grep -rnoE '^(@[a-z]+ )?((public|package|internal|private) )?import (struct |func |class )?[A-Za-z0-9]+' "Sources/$room" \
            | sed -E 's/:[0-9]+:.* ([A-Za-z0-9]+)$/:\1/')
    done << 'ROOMS'
ProcessLimits
OpenSearchScroll ProcessLimits CLibcurl CSimdjson CXXHash CCrypto
LogMasking CBytes CPCRE2
LogGenerator
LogDataset OpenSearchScroll LogMasking ProcessLimits CXXHash CCompression CCrypto
OpniLogTraining LogDataset LogMasking ProcessLimits CTorch
OpenSearchScrollTesting LogGenerator CMicrohttpd CCompression
opnilog-train OpenSearchScroll LogMasking LogDataset OpniLogTraining LogGenerator OpenSearchScrollTesting ProcessLimits CYAML
ROOMS
}

# Every public header of ours stands alone, in C, with nullability on every pointer and our prefix on every symbol.
headers() {
    local clang header
    clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
    for header in Shims/*/include/*.h; do
        "$clang" -std=c17 -fsyntax-only -Wall -Wextra -Werror -Wno-unused -Wno-pragma-once-outside-header -Wnullability-completeness -x c "$header"
        grep -nE '^[A-Za-z].*\b[a-z][A-Za-z0-9_]*\(' "$header" | grep -vE 'opnilog_[a-z0-9_]+\(|typedef|__attribute__|^[0-9]+:(//|/\*|#)' |
            sed "s|^|$header: a symbol without the prefix opnilog_: line |"
    done
    true
}

sizes() {
    git ls-files 'Sources/*.swift' 'Tests/*.swift' 'Shims/*' 'Scripts/*' | xargs wc -l |
        awk '$2 != "total" && $1 > 500 { print $2 " has " $1 " lines; a file has one topic and at most 500" }'
}

scripts() {
    local script
    for script in $(git ls-files '*.sh') .ci/run; do bash -n "$script"; done
    for script in $(git ls-files '*.py'); do python3 -c "import ast, sys; ast.parse(open(sys.argv[1]).read())" "$script"; done
}

# No build output, no data, no path of somebody's machine, no waiting by sleeping (but for the real node's tests of slow
# consumers and of chosen instants, whose subject it is).
tidiness() {
    git ls-files | grep -E '(^|/)(Package\.resolved|\.build[^/]*/|.*\.(pt|so|o|whl|gz))$' | sed 's/$/ must not be committed/'
    git grep -nIE '/(home|root|Users)/' -- .
    git grep -nIE 'Task\.sleep|usleep|Thread\.sleep' -- Tests ':!Tests/OpenSearchScrollTests/RealNode/*Scenarios.swift'
    true
}

check format format
check comments comments
check imports imports
check headers headers
check sizes sizes
check scripts scripts
check tidiness tidiness
exit $failed
