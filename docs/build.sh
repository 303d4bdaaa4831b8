#!/usr/bin/env bash
# Builds the documentation as a site, without a network. Needs mkdocs: apt-get install mkdocs
# usage: docs/build.sh [FOLDER]    default: build/site
set -euo pipefail
folder=$(realpath -m "${1:-$(dirname "$0")/../build/site}")
cd "$(dirname "$0")/.."
command -v mkdocs >/dev/null || { echo "error: mkdocs is missing: apt-get install mkdocs" >&2; exit 1; }
log=$(mkdocs build --strict --clean --site-dir "$folder" 2>&1) || { echo "$log" >&2; exit 1; }

# Debian's package calls jQuery by another name than its own theme does.
[ -e "$folder/js/jquery-3.6.0.min.js" ] || cp "$folder"/js/jquery-*.min.js "$folder/js/jquery-3.6.0.min.js"

# What a page loads must be in the folder.
if grep -rnoE '<(script|link|img)[^>]* (src|href)="(https?:)?//[^"]*"' --include='*.html' "$folder" | grep -v 'rel="canonical"'; then
  echo "error: these would be fetched from elsewhere" >&2
  exit 1
fi
echo "$folder/index.html"
