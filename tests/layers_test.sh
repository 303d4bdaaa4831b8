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

# Each door's folder and its table agree: an entry without its line would never be found by name.
door() { # folder, table
  local file name
  while IFS=: read -r file name; do
    grep -qE "\($name\)" "$2" || complain "$file: $name has no line in $2"
  done < <(grep -rnoE --include='*.cc' 'Entry<[A-Za-z]+> [A-Za-z0-9]+Entry\(\) \{' "$1" |
           sed -E 's/^([^:]+):[0-9]+:.* ([A-Za-z0-9]+)Entry\(\).*/\1:\2/')
}
door passes passes/pipeline/registry.def
door placement/solvers placement/solvers/registry.def
door target/cost_models target/cost_models/registry.def
door lowering/emitters lowering/emitters/registry.def

[ "$failures" -eq 0 ] && echo "layers hold" || { echo "$failures violations"; exit 1; }
