#!/bin/sh
# Brings libtorch and builds our bridge against it. Quick when both are there.
#
#   Scripts/libtorch.sh            the pinned Python package `torch`, in a private folder under .build
#   Scripts/libtorch.sh DIR        a libtorch of yours (or LIBTORCH=DIR): DIR holds include/ and lib/
#
# Environment: PYTHON (python3), TORCH_VERSION, and pip's own (PIP_INDEX_URL, PIP_FIND_LINKS, …)
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build="$root/.build"
version=${TORCH_VERSION:-2.13.0}
home="$build/libtorch"

fail() {
    echo "libtorch: $1" >&2
    exit 69
}

given=${1:-${LIBTORCH:-}}
if [ -n "$given" ]; then
    exec "$root/Scripts/bridge.sh" "$given" "$build/bridge"
fi

began=$(date +%s)
python=${PYTHON:-python3}
site="$home/$version"
torch="$site/torch"

# pip without a virtual environment: --target needs neither python3-venv nor a right to write to the system.
install() {
    "$python" -m pip install --quiet --no-deps --no-warn-script-location --disable-pip-version-check --root-user-action ignore \
        --target "$partial" "$@" || fail "pip could not install $*; its message is above"
}

# Libraries that libtorch_cpu.so asks for by name and that are neither beside it nor in the system.
missing() {
    readelf -d "$partial/torch/lib/libtorch_cpu.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | while read -r name; do
        [ -e "$partial/torch/lib/$name" ] && continue
        find "$partial/nvidia" -name "$name" 2>/dev/null | grep -q . && continue
        /sbin/ldconfig -p | grep -q "[[:space:]]$name " || echo "$name"
    done
}

# Releases of CUDA 13 have one folder for all packages, earlier ones a folder each and the release in the name.
wheel_for() {
    case $1 in
        libcudart.so.13) echo nvidia-cuda-runtime ;;
        libcupti.so.13) echo nvidia-cuda-cupti ;;
        libcudart.so.12) echo nvidia-cuda-runtime-cu12 ;;
        libcupti.so.12) echo nvidia-cuda-cupti-cu12 ;;
        *) fail "libtorch $version wants $1, and no wheel is known to hold it; give a libtorch with LIBTORCH=DIR" ;;
    esac
}

if [ ! -f "$site/.complete" ]; then
    command -v "$python" >/dev/null && "$python" -m pip --version >/dev/null 2>&1 ||
        fail "$python has no pip; apt-get install python3-pip, or set PYTHON, or give a libtorch with LIBTORCH=DIR"
    command -v readelf >/dev/null || fail "no readelf; apt-get install binutils"
    partial="$home/.partial"
    rm -rf "$partial"
    mkdir -p "$partial"
    echo "libtorch: fetching torch $version (200 MB for a CPU build, 530 MB for the CUDA build)"
    install "torch==$version"
    wheels=
    for name in $(missing); do
        wheel=$(wheel_for "$name")
        echo "libtorch: $name is asked for, fetching $wheel"
        wheels="$wheels $wheel"
    done
    # All at once: they share the folder nvidia, and pip merges only what it installs together.
    [ -z "$wheels" ] || install $wheels
    left=$(missing)
    [ -z "$left" ] || fail "libtorch_cpu.so still asks for $left"
    touch "$partial/.complete"
    rm -rf "$site"
    mv "$partial" "$site"
    echo "libtorch: torch $version, $(du -sm "$site" | cut -f1) MB on disk, $(($(date +%s) - began)) s"
else
    echo "libtorch: torch $version is there"
fi
exec "$root/Scripts/bridge.sh" "$torch" "$build/bridge"
