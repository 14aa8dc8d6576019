#!/usr/bin/env bash
# A folder for `make bench-train` on a machine that has a GPU, g++ and python3 with torch, but neither Swift nor a network:
# the release binary with Swift's runtime inside and the system libraries that it asks for, the bridge's sources, the
# benchmark, and its tables.
#
# usage: Benchmarks/train-prepare.sh OUT [DATA]
# There: OUT/run RESULTS [OPTIONS of train/bench.py], which builds the bridge first.
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:?usage: Benchmarks/train-prepare.sh OUT [DATA]}
built=.build/bench-train-static
swift build -c release --product opnilog-train --static-swift-stdlib --scratch-path "$built" >&2
rm -rf "$out"
mkdir -p "$out/lib" "$out/Scripts" "$out/Shims/CTorch"
strip -o "$out/lib/opnilog-train" "$built/release/opnilog-train"
# The C and C++ libraries are those of the machine, which its libtorch and g++ use too.
ldd "$out/lib/opnilog-train" | awk '/=> \// { print $3 }' |
    grep -vE '/(libc|libm|libdl|libpthread|librt|libresolv|libstdc\+\+|libgcc_s)\.so' | xargs -I {} cp -L {} "$out/lib/"
tar -czf "$out/lib.tar.gz" -C "$out" lib
rm -r "$out/lib"
cat > "$out/opnilog-train" << 'PROGRAM'
#!/bin/sh
lib=$(dirname "$(realpath "$0")")/lib
LD_LIBRARY_PATH=$lib exec "$lib/opnilog-train" "$@"
PROGRAM
cp -r Shims/CTorch/bridge Shims/CTorch/include "$out/Shims/CTorch/"
cp Scripts/bridge.sh "$out/Scripts/"
cp -r Benchmarks/train "$out/train"
rm -rf "$out/train/__pycache__"
python3 Benchmarks/train/prepare.py "$built/release/opnilog-train" "${2:-../shared/data}" "$out/data"
cat > "$out/run" << 'RUN'
#!/usr/bin/env bash
# usage: run RESULTS [OPTIONS of train/bench.py]
set -euo pipefail
results=$(realpath -m "$1")
shift
cd "$(dirname "$0")"
[ -d lib ] || tar -xzf lib.tar.gz
sh Scripts/bridge.sh "$(python3 -c 'import torch; print(torch.__path__[0])')" bridge
exec python3 train/bench.py opnilog-train bridge/libopnilog_torch.so data "$results" --device cuda "$@"
RUN
chmod +x "$out/run" "$out/opnilog-train"
du -sh "$out" >&2
