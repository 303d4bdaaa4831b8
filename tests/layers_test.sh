#!/usr/bin/env bash
# Every #include obeys docs/layers.txt. Argument: the source folder.
set -euo pipefail
cd "$1"
failures=0
complain() { echo "$1"; failures=$((failures + 1)); }

modules=$(sed -n 's/^\([a-z_]*\):.*/\1/p' docs/layers.txt)
while IFS= read -r line; do
  case "$line" in
    ''|'#'*) continue ;;
    'header '*)
      header=${line#header }; allowed=${header#*:}; header=${header%%:*}
      while IFS=: read -r file _; do
        ok=
        for place in $allowed; do case "$file" in "$place"|"$place"/*) ok=1 ;; esac; done
        [ -n "$ok" ] || complain "$file includes <$header>, which only$allowed may"
      done < <(grep -rnE "#include [<\"]$header" --include='*.h' --include='*.cc' $modules tests examples bench || true)
      ;;
    *)
      module=${line%%:*}; allowed=${line#*:}
      while IFS=: read -r file _ include; do
        path=${include#*\"}; path=${path%%\"*}; other=${path%%/*}
        case " $modules " in *[[:space:]]"$other"[[:space:]]*) ;; *) case "$path" in tests/*|bench/*|examples/*) complain "$file includes $path" ;; esac; continue ;; esac
        [ "$other" = "$module" ] && continue
        ok=
        for place in $allowed; do { [ "$place" = "$other" ] || [ "$place" = "$path" ]; } && ok=1; done
        [ -n "$ok" ] || complain "$file includes $path, but $module may only include:$allowed"
      done < <(grep -rnE '#include "' --include='*.h' --include='*.cc' "$module" || true)
      ;;
  esac
done < docs/layers.txt

# Each door's folder and its table agree: a file without its line would never be found by name.
table() { # folder, table, macro
  local file name
  for file in "$1"/*.cc; do
    name=$(basename "$file" .cc)
    grep -qiE "$3\($(echo "$name" | tr -d _)\)" "$2" || complain "$file has no line in $2"
  done
}
table passes/graph passes/registry.def ALLOT_GRAPH_PASS
table passes/plan passes/registry.def ALLOT_PLAN_PASS

[ "$failures" -eq 0 ] && echo "layers hold" || { echo "$failures violations"; exit 1; }
