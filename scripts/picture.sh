#!/usr/bin/env bash
# What does a report look like? Pictures the head and the map of one for the README.
#
#   scripts/picture.sh runs/chongqing-s0
set -euo pipefail
run=${1:?name a result folder, e.g. runs/chongqing-s0}
[ -f "$run/report.html" ] || { echo "$run holds no report.html" >&2; exit 1; }
report=$(realpath "$run/report.html")
cd "$(dirname "${BASH_SOURCE[0]}")/.."

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
  echo "no Chromium on PATH (Debian: apt-get install chromium)" >&2
  exit 1
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The same page without what does not fit into a picture.
hidden='<style>#comparison, #events, #time, #elements, #gains, #forecast, #guard, #processes, #facts, nav, footer
{ display: none }</style>'
sed "0,/<\/head>/s|</head>|${hidden//$'\n'/ }</head>|" "$report" > "$scratch/report.html"
mkdir -p docs/images
"$browser" --headless --no-sandbox --disable-gpu --no-first-run --disable-sync --disable-quic \
  --disable-background-networking --disable-component-update --hide-scrollbars \
  --user-data-dir="$scratch/profile" --virtual-time-budget=20000 --window-size=1200,1215 \
  --screenshot="$PWD/docs/images/report.png" "file://$scratch/report.html" >/dev/null 2>&1
echo "docs/images/report.png"
