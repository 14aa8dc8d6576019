#!/bin/sh
# Brings libtorch and builds our bridge against it. Quick when both are there.
#
#   Scripts/libtorch.sh            the pinned Python package `torch`, in a private folder under .build
#   Scripts/libtorch.sh DIR        a libtorch of yours (or LIBTORCH=DIR): DIR holds include/ and lib/
#
# Environment: CUDA (1: the build for NVIDIA's GPUs with all its libraries, 0: the one for CPUs; not set: the one for
# GPUs if it was fetched before), PYTHON (python3), TORCH_VERSION, and pip's own (PIP_INDEX_URL, PIP_FIND_LINKS, …)
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build="$root/.build"
version=${TORCH_VERSION:-2.13.0}
home="$build/libtorch"

fail() {
    echo "libtorch: $1" >&2
    exit "${2:-69}"
}

given=${1:-${LIBTORCH:-}}
if [ -n "$given" ]; then
    exec "$root/Scripts/bridge.sh" "$given" "$build/bridge"
fi

case ${CUDA:-} in
    0 | 1) cuda=$CUDA ;;
    '') if [ -f "$home/$version-cuda/.complete" ]; then cuda=1; else cuda=0; fi ;;
    *) fail "CUDA is $CUDA; give 1 for a build that drives GPUs, or 0 for one that does not" 64 ;;
esac

began=$(date +%s)
python=${PYTHON:-python3}
if [ "$cuda" = 1 ]; then site="$home/$version-cuda"; else site="$home/$version"; fi
partial="$home/.partial"

# pip without a virtual environment: --target needs neither python3-venv nor a right to write to the system. It unpacks
# in TMPDIR first, and /tmp may be too small for 5 GB.
pip_install() {
    TMPDIR="$partial/.tmp" "$python" -m pip install --quiet --no-compile --no-warn-script-location \
        --disable-pip-version-check --retries 10 --timeout 60 --root-user-action ignore --target "$partial" "$@"
}

# Libraries that the dynamic loader would not find for a library of libtorch.
missing() {
    LD_LIBRARY_PATH='' ldd "$partial/torch/lib/$1" | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p'
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

# torch as the index serves it, and what libtorch_cpu.so wants: a build for CUDA wants two small wheels on a CPU too.
fetch_for_cpu() {
    echo "libtorch: fetching torch $version (200 MB for a CPU build, 530 MB for the CUDA build)"
    pip_install --no-deps "torch==$version" || fail "pip could not install torch $version; its message is above"
    wheels=
    for name in $(missing libtorch_cpu.so); do
        wheel=$(wheel_for "$name")
        echo "libtorch: $name is asked for, fetching $wheel"
        wheels="$wheels $wheel"
    done
    # All at once: they share the folder nvidia, and pip merges only what it installs together.
    [ -z "$wheels" ] || pip_install --no-deps $wheels || fail "pip could not install$wheels; its message is above"
}

# torch built for CUDA, and of what it requires the libraries of CUDA, but neither Python packages nor Triton.
fetch_for_cuda() {
    where="for a build with CUDA point pip at an index that has one (PIP_INDEX_URL, or PIP_EXTRA_INDEX_URL beside yours;
where CUDA stands in the version, as in $version+cu130, give it as TORCH_VERSION), or give a libtorch with LIBTORCH=DIR"
    echo "libtorch: fetching torch $version for CUDA and the libraries of CUDA that it needs (4 GB on disk)"
    # Without a word pip would prefer a `+cpu` build, the higher version of the two.
    pip_install --no-deps "torch==$version,!=${version%%+*}+cpu" ||
        fail "pip could not install torch $version for CUDA; its message is above; $where"
    [ -e "$partial/torch/lib/libtorch_cuda.so" ] ||
        fail "the torch $version that pip's index serves is a build for CPUs; $where"
    # With their versions and conditions, which pip reads as well from a file.
    sed -n 's/^Requires-Dist: //p' "$partial"/torch-*.dist-info/METADATA | grep -E '^(nvidia-|cuda-toolkit)' \
        >"$partial/.cuda-wheels" || fail "torch $version names no libraries of CUDA that it requires; $where"
    pip_install --requirement "$partial/.cuda-wheels" ||
        fail "pip could not install the libraries of CUDA that torch $version requires; its message is above"
}

if [ ! -f "$site/.complete" ]; then
    command -v "$python" >/dev/null && "$python" -m pip --version >/dev/null 2>&1 ||
        fail "$python has no pip; apt-get install python3-pip, or set PYTHON, or give a libtorch with LIBTORCH=DIR"
    rm -rf "$partial"
    mkdir -p "$partial/.tmp"
    if [ "$cuda" = 1 ]; then
        fetch_for_cuda
        libraries="libtorch_cpu.so libtorch_cuda.so"
    else
        fetch_for_cpu
        libraries="libtorch_cpu.so"
    fi
    for library in $libraries; do
        left=$(missing "$library")
        [ -z "$left" ] || fail "$library still asks for $left"
    done
    rm -rf "$partial/.tmp"
    touch "$partial/.complete"
    rm -rf "$site"
    mv "$partial" "$site"
    echo "libtorch: torch $version, $(du -sm "$site" | cut -f1) MB on disk, $(($(date +%s) - began)) s"
else
    echo "libtorch: torch $version is there, in $site"
fi
exec "$root/Scripts/bridge.sh" "$site/torch" "$build/bridge"
