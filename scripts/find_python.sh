#!/usr/bin/env bash
# Which Python 3.11 or newer is there? Prints its command; PYTHON=... overrides the search.
set -euo pipefail

# A name may be on PATH and still not run (version shims), so each candidate is tried.
is_new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
  is_new_enough "$PYTHON" || {
    echo "PYTHON=$PYTHON does not run, or is older than 3.11." >&2
    exit 1
  }
  echo "$PYTHON"
  exit
fi
for candidate in python3.11 python3.12 python3.13 python3.14 python3 python; do
  if is_new_enough "$candidate"; then
    echo "$candidate"
    exit
  fi
done
echo "Jialing needs Python 3.11 or newer, and found none on PATH." >&2
echo "Install one (Debian, Ubuntu: apt-get install python3 python3-venv)," >&2
echo "or name it: make PYTHON=/path/to/python3 ..." >&2
exit 1
