#!/usr/bin/env bash
# The site's search finds pages when they are opened as files. usage: search_test.sh CHROMIUM SITE
set -euo pipefail
chromium=$1 site=$2
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT

# expect QUERY PAGE: a search for QUERY lists PAGE; PAGE empty: it lists nothing.
expect() {
  local found
  found=$("$chromium" --headless --no-sandbox --disable-gpu --user-data-dir="$profile" --virtual-time-budget=10000 \
      --dump-dom "file://$site/search.html?q=$1" 2>/dev/null | grep -o '<article><h3><a href="[^"]*' | sed 's/.*"//') || true
  if [ -z "$2" ] && [ -z "$found" ]; then return; fi
  if [ -n "$2" ] && grep -qF "$2" <<<"$found"; then return; fi
  echo "'$1': expected '$2', found:"
  echo "$found"
  exit 1
}

expect 'peak+memory' './how-to/memory.html'
expect 'allotGetPluginInfo' './plugins.html'
expect 'xyzzyx' ''
