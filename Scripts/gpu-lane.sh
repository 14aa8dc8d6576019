#!/usr/bin/env bash
# The tests of the training room on a GPU, from the folder that `make gpu-bundle` made. Whatever is missing fails.
#
#   ./gpu-lane.sh [FILTER]
#
# Environment: TORCH (folder with include/ and lib/; default: that of PYTHON's torch), PYTHON (python3, with torch),
# OPNILOG_SHARED (../shared of a checkout, for the reference model)
set -euo pipefail
cd "$(dirname "$0")"
python=$(command -v "${PYTHON:-python3}")
torch=${TORCH:-$("$python" -c 'import torch; print(torch.__path__[0])')}
make bridge TORCH="$torch" OUT=bridge
export LD_LIBRARY_PATH=$PWD/lib OPNILOG_TORCH=$PWD/bridge/libopnilog_torch.so OPNILOG_PYTHON=$python OPNILOG_PACKAGE=$PWD
export OPNILOG_TEST_DEVICE=cuda OPNILOG_REQUIRE_ALL=1
./opnilog-train doctor --device cuda
log=$(mktemp)
./tests --testing-library swift-testing --no-parallel --filter "${1:-^OpniLogTrainingTests}" 2>&1 | tee "$log" | grep -vE 'started\.|^.{0,8}✔ Test ' || true
# A lane in which something was skipped, or nothing ran, is no lane.
grep -qE 'Test run with [1-9][0-9]* tests?.* passed' "$log" && ! grep -qE 'skipped' "$log" || {
    echo "gpu-lane: failed, or something was skipped" >&2
    exit 1
}
echo "gpu-lane: passed on $("$python" -c 'import torch; print(torch.cuda.get_device_name(0))')"
