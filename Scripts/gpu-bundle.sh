#!/usr/bin/env bash
# Puts what a GPU machine without a Swift toolchain needs into a folder: the program with the Swift runtime inside, the
# shared libraries that it asks for, the sources of the bridge with the target that builds it there, and the tests of the
# training room. There: `make bridge TORCH=DIR OUT=.`, then ./opnilog-train; or ./gpu-lane.sh for all of it.
#
#   Scripts/gpu-bundle.sh OUT
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -eq 1 ] && [ -n "$1" ] || { echo "usage: make gpu-bundle OUT=DIR" >&2; exit 64; }
out=$1
# It is emptied below, so it must be ours or nobody's.
if [ -e "$out" ] && [ ! -f "$out/.opnilog-gpu-bundle" ] && [ -n "$(ls -A "$out")" ]; then
    echo "gpu-bundle: $out holds other files; give a folder that is empty or not there" >&2
    exit 64
fi

swift build -c release --static-swift-stdlib --scratch-path .build/static --product opnilog-train
swift build --build-tests
rm -rf "$out"
mkdir -p "$out"
touch "$out/.opnilog-gpu-bundle"
mkdir -p "$out/lib" "$out/Scripts" "$out/Shims" "$out/Tests/OpniLogTrainingTests"
cp .build/static/release/opnilog-train "$out/"
cp "$(swift build --show-bin-path)"/*.xctest "$out/tests"
strip "$out/opnilog-train" "$out/tests"
cp Makefile "$out/"
cp Scripts/bridge.sh "$out/Scripts/"
cp Scripts/gpu-lane.sh "$out/"
cp -r Shims/CTorch "$out/Shims/"
for folder in Trainer Archive Torch; do
    mkdir -p "$out/Tests/OpniLogTrainingTests/$folder"
    find "Tests/OpniLogTrainingTests/$folder" -name "*.py" -o -name "*.cpp" | xargs -I {} cp {} "$out/Tests/OpniLogTrainingTests/$folder/"
done
# The C library and g++'s runtime are that machine's own: its libtorch was built for them.
ldd "$out/opnilog-train" "$out/tests" | awk '$3 ~ /^\// { print $3 }' | sort -u |
    grep -vE '/(libc|libm|libresolv|libdl|libpthread|librt|libstdc\+\+|libgcc_s)\.so' | xargs -I {} cp -L {} "$out/lib/"
echo "gpu-bundle: $(du -sm "$out" | cut -f1) MB in $out"
