#!/usr/bin/env bash
# Is the environment up to date? Makes .venv from requirements.lock, once per lock file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=.venv
stamp="$venv/.installed"
wanted=$(cat requirements.lock pyproject.toml | cksum)

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
  exit 0
fi

if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  python=$(scripts/find_python.sh)
  echo "Making $venv with $("$python" --version)."
  rm -rf "$venv"
  if ! "$python" -m venv "$venv"; then
    rm -rf "$venv"
    echo "$python cannot make virtual environments." >&2
    echo "Debian, Ubuntu: apt-get install python3-venv" >&2
    exit 1
  fi
fi

echo "Installing what requirements.lock names into $venv."
export PIP_DISABLE_PIP_VERSION_CHECK=1
"$venv/bin/python" -m pip install -qq --require-hashes -r requirements.lock
"$venv/bin/python" -m pip install -qq --no-deps --no-build-isolation --editable .
echo "$wanted" > "$stamp"
