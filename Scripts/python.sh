#!/usr/bin/env bash
# The Python environment of the tests, .build/python: torch with its dependencies, an independent OpenSearch-like
# server, and the client library that ours is compared with.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(torch==2.13.0 numpy opensearch-py osmem-server==0.1.6)
environment=.build/python
stamp="$environment/packages"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "${packages[*]}" ]; then exit 0; fi

start=$SECONDS
rm -rf "$environment"
python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check --retries 10 --timeout 60 "${packages[@]}"
echo "${packages[*]}" > "$stamp"
echo "Python environment of the tests: $(du -sm "$environment" | cut -f1) MB, $((SECONDS - start)) s"
