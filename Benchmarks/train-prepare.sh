#!/usr/bin/env bash
# Adds the training benchmark to the folder that `make gpu-bundle OUT=DIR` made, for a machine that has a GPU and python3
# with torch, but neither Swift nor a network: the scripts, and tables of the logs (3 MB).
#
# usage: Benchmarks/train-prepare.sh DIR [DATA]
# There: DIR/bench-train.sh RESULTS [OPTIONS of train/bench.py], which builds the bridge first, if it is not built yet.
set -euo pipefail
cd "$(dirname "$0")/.."

bundle=${1:?usage: Benchmarks/train-prepare.sh DIR [DATA]}
[ -x "$bundle/opnilog-train" ] || { echo "train-prepare: no program in $bundle; make gpu-bundle OUT=$bundle first" >&2; exit 64; }
rm -rf "$bundle/train" "$bundle/data"
mkdir "$bundle/train"
cp Benchmarks/train/*.py "$bundle/train/"
LD_LIBRARY_PATH=$bundle/lib python3 Benchmarks/train/prepare.py "$bundle/opnilog-train" "${2:-../shared/data}" "$bundle/data"
cat > "$bundle/bench-train.sh" << 'RUN'
#!/usr/bin/env bash
# usage: bench-train.sh RESULTS [OPTIONS of train/bench.py]
# Environment: TORCH (folder with include/ and lib/; default: that of PYTHON's torch), PYTHON (python3, with torch)
set -euo pipefail
results=$(realpath -m "$1")
shift
cd "$(dirname "$0")"
python=$(command -v "${PYTHON:-python3}")
make bridge TORCH="${TORCH:-$("$python" -c 'import torch; print(torch.__path__[0])')}" OUT=bridge
exec "$python" train/bench.py opnilog-train bridge/libopnilog_torch.so data "$results" --device cuda "$@"
RUN
chmod +x "$bundle/bench-train.sh"
