#!/bin/sh
# Builds libopnilog_torch.so against a libtorch. Quick when nothing changed.
#
#   Scripts/bridge.sh TORCH OUT
#
# TORCH  directory with include/ and lib/ (of the Python package `torch`, or of a libtorch built from source)
# OUT    where the library goes; if it also holds libtorch_cpu.so, that one is used at run time
#
# Environment: CXX (g++), JOBS (cores)
set -eu

usage="usage: make bridge TORCH=DIR OUT=DIR (TORCH holds include/ and lib/ of libtorch)"
[ $# -eq 2 ] || { echo "$usage" >&2; exit 64; }
root=$(cd "$(dirname "$0")/.." && pwd)
[ -f "$1/include/ATen/ATen.h" ] && [ -f "$1/lib/libtorch_cpu.so" ] || {
    echo "bridge: $1 holds no libtorch (include/ATen/ATen.h, lib/libtorch_cpu.so); $usage" >&2
    exit 64
}
torch=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
cxx=${CXX:-g++}
for tool in "$cxx" readelf; do
    command -v "$tool" >/dev/null || { echo "bridge: no $tool; apt-get install g++ binutils, or set CXX" >&2; exit 69; }
done

sources="$root/Shims/CTorch/bridge"
library="$out/libopnilog_torch.so"
state="$out/.libopnilog_torch.state"
flags="-std=c++20 -O3 -fPIC -fvisibility=hidden -Wall -Wextra -Wno-psabi -Wno-dangling-reference"
if [ -f "$out/libtorch_cpu.so" ]; then rpath='$ORIGIN'; else rpath="$torch/lib"; fi

# at::parallel_for is a template: without -fopenmp here its loops run on one thread, whatever libtorch has. The library of
# OpenMP must be the one that libtorch uses, or there are two teams of threads.
openmp=$(readelf -d "$torch/lib/libtorch_cpu.so" | sed -n 's/.*(NEEDED).*\[\(lib[gi]*omp[^]]*\)\]/\1/p' | head -n 1)
[ -z "$openmp" ] || flags="$flags -fopenmp"

wanted=$({
    cat "$sources"/* "$root/Shims/CTorch/include/opnilog_torch.h" "$0"
    echo "$torch $rpath $flags"
    "$cxx" --version
    ls -l --time-style=+%s "$torch/lib/libtorch_cpu.so"
} | sha256sum)
if [ -f "$library" ] && [ "$(cat "$state" 2>/dev/null)" = "$wanted" ]; then
    echo "bridge: $library is up to date"
    exit 0
fi

began=$(date +%s)
objects=$(mktemp -d "$out/.bridge.XXXXXX")
trap 'rm -rf "$objects"' EXIT
# The flags are several words; all else may hold blanks.
(cd "$sources" && ls ./*.cpp) |
    xargs -P "${JOBS:-$(nproc)}" -I {} "$cxx" $flags -isystem "$torch/include" \
        -isystem "$torch/include/torch/csrc/api/include" -I "$root/Shims/CTorch/include" \
        -c "$sources/{}" -o "$objects/{}.o" || {
    echo "bridge: the sources do not compile against $torch" >&2
    exit 70
}
# Only these two: libtorch.so would pull the libraries of CUDA in. Replaced in one step, so that a running program
# keeps the library that it has open.
"$cxx" -shared -o "$objects/library" "$objects"/*.o -L"$torch/lib" -ltorch_cpu -lc10 ${openmp:+"-l:$openmp"} \
    -Wl,-rpath,"$rpath" -Wl,-z,defs -Wl,--exclude-libs,ALL
mv "$objects/library" "$library"
echo "$wanted" >"$state"
echo "bridge: built $library in $(($(date +%s) - began)) s"
