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
swift test --skip-build --disable-xctest "$@"
if [ $# -eq 0 ]; then
    Scripts/examples.sh
    Scripts/real-node.sh
fi
