#!/usr/bin/env bash
# Which versions do we build on? Resolves pyproject.toml into requirements.lock, with hashes.
#
# The resolver has an environment of its own, so that it is none of our dependencies.
# Run it with the oldest Python we support; newer ones install the same file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=build/lock
if [ ! -x "$tools/bin/pip-compile" ]; then
  "$(scripts/find_python.sh)" -m venv "$tools"
  "$tools/bin/python" -m pip install --quiet pip-tools
fi

# No address of an index enters the file: whoever installs chooses where packages come from.
export CUSTOM_COMPILE_COMMAND="make lock"
"$tools/bin/pip-compile" --quiet --upgrade --strip-extras --generate-hashes \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options \
  --extra dev --extra water --extra traffic --extra train --extra export --extra film --build-deps-for editable \
  --output-file requirements.lock pyproject.toml
