#!/usr/bin/env bash
# Runs the tests of the package and of the examples. With OPNILOG_REQUIRE_ALL=1 what is missing fails instead of
# being skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

export OPNILOG_PYTHON=${OPNILOG_PYTHON:-$PWD/.build/python/bin/python}
export OPNILOG_TORCH=${OPNILOG_TORCH:-$PWD/.build/bridge/libopnilog_torch.so}
export OPNILOG_SHARED=${OPNILOG_SHARED:-$PWD/../shared}
if [ -x "$OPNILOG_SHARED/opensearch/node" ]; then export OPNILOG_NODE=${OPNILOG_NODE:-$OPNILOG_SHARED/opensearch/node}; fi
# OpenSearch 3 wants Java 21 or newer, with all locales (the small ones on PyPI lack Thai, which it checks).
for java in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    if [ -z "${OPNILOG_JAVA:-}" ] && [ -x "$java/bin/java" ] &&
        [ "$("$java/bin/java" -XshowSettings:properties -version 2>&1 | sed -n 's/.*java.specification.version = //p')" -ge 21 ] 2> /dev/null; then
        export OPNILOG_JAVA=$java
    fi
done

swift build --build-tests
if [ $# -gt 0 ]; then exec swift test --skip-build --disable-xctest "$@"; fi

# A room after the other, the pure ones first: tests of one process share its threads, and those that compute for long
# would starve those that wait for an answer.
failed=()
# What passes is not worth a line; what fails or is skipped is.
failures_only() { grep -vE '^(◇|✔ Suite |✔ Test ([^r]|r[^u]))' || true; }
for room in ProcessLimits LogMasking LogGenerator LogDataset OpenSearchScrollTesting OpenSearchScroll OpniLogTraining CommandLine; do
    echo "== $room"
    swift test --skip-build --disable-xctest --filter "^${room}Tests\\." 2>&1 | failures_only || failed+=("$room")
done
for script in Scripts/examples.sh Scripts/real-node.sh; do
    echo "== $script"
    $script || failed+=("$script")
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "failed: ${failed[*]}"
    exit 1
fi
