#!/usr/bin/env bash
# Installs the Debian packages that are missing: `build` what compiles, `tests` what the tests need besides.
set -euo pipefail

case "${1:-build}" in
    build) wanted=(g++ make pkg-config libcurl4-openssl-dev libsimdjson-dev libxxhash-dev libzstd-dev zlib1g-dev libyaml-dev libssl-dev libpcre2-dev
        libmicrohttpd-dev binutils unzip python3 python3-pip python3-venv) ;;
    tests) wanted=(zstd gzip openssl) ;;
    *) echo "setup.sh: say build or tests" >&2 && exit 64 ;;
esac
# A Java or a Python from elsewhere does as well as Debian's.
if [ "${1:-build}" = tests ] && ! command -v java > /dev/null; then wanted+=(openjdk-17-jre-headless); fi
# Debian has `venv` in its standard library and what makes it work in another package.
if python3 -c 'import ensurepip, pip' 2> /dev/null; then
    wanted=("${wanted[@]/python3*/}")
fi

missing=()
for package in "${wanted[@]}"; do
    [ -n "$package" ] || continue
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

install="install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" != 0 ]; then
    echo "Some Debian packages are missing. Run this once, then try again:" >&2
    echo "  sudo apt-get update && sudo apt-get $install" >&2
    exit 1
fi
echo "installing ${missing[*]}"
log=$(mktemp)
apt="apt-get -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300"
if ! { $apt update && DEBIAN_FRONTEND=noninteractive $apt $install; } > "$log" 2>&1; then
    tail -n 20 "$log" >&2
    exit 1
fi
rm -f "$log"
