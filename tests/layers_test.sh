#!/usr/bin/env bash
# Every #include obeys docs/layers.txt. Argument: the source folder.
set -euo pipefail
cd "$1"
failures=0
complain() { echo "$1"; failures=$((failures + 1)); }

modules=$(sed -nE 's/^([a-z_]+):.*/\1/p' docs/layers.txt)
while IFS= read -r line; do
  header=${line#header }; allowed=${header#*:}; header=${header%%:*}
  while IFS=: read -r file _; do
    ok=
    for place in $allowed; do case "$file" in "$place"|"$place"/*) ok=1 ;; esac; done
    [ -n "$ok" ] || complain "$file includes <$header>, which only$allowed may"
  done < <(grep -rnE "#include [<\"]$header" --include='*.h' --include='*.cc' $modules tests examples bench || true)
done < <(grep '^header ' docs/layers.txt)

# Files are in the room that says most of them: placement/solvers/calls rather than placement/solvers. What is in another
# module must be allowed to the module, what is in the same one to the room.
while IFS= read -r complaint; do complain "$complaint"; done < <(
  { grep -vE '^(#|header |$)' docs/layers.txt
    grep -rE '#include "' --include='*.h' --include='*.cc' $modules; } | awk '
  function room(path,  at, folder) {
    folder = path; sub(/[^\/]*$/, "", folder)
    if (folder in allowed) return folder
    for (; (at = match(folder, /\/[^\/]*$/)) > 0; ) {
      folder = substr(folder, 1, at - 1)
      if (folder in allowed) return folder
    }
    return ""
  }
  function module(path) { sub(/\/.*/, "", path); return path }
  function may(from, to, path,  names, n, i) {
    if (from == to) return 1
    n = split(allowed[from], names, " ")
    for (i = 1; i <= n; ++i) if (names[i] == to || names[i] == path) return 1
    return 0
  }
  /^[^:]*:/ && !/#include/ {
    name = $0; sub(/:.*/, "", name); rest = $0; sub(/^[^:]*: */, "", rest)
    n = split(rest, names, " ")
    for (i = 1; i <= n; ++i)
      if (!(names[i] in allowed) && (names[i] !~ /\.h$/ || room(names[i]) == ""))
        print "docs/layers.txt: " name " names " names[i] ", which is no row above it"
    allowed[name] = rest
    if (name ~ /\//) has_rooms[module(name)] = 1
    next
  }
  {
    file = $0; sub(/:.*/, "", file)
    path = $0; sub(/^[^"]*"/, "", path); sub(/".*/, "", path)
    mine = module(file); other = module(path)
    if (!(other in allowed) || path !~ /\//) {
      if (path ~ /^(tests|bench|examples)\//) print file " includes " path
      next
    }
    if (mine != other) {
      if (!may(mine, other, path)) print file " includes " path ", but " mine " may only include: " allowed[mine]
    } else if (has_rooms[mine]) {
      from = room(file); to = room(path)
      if (from == mine || from == "") print file " is in no room of " mine " in docs/layers.txt"
      else if (!may(from, to, path)) print file " includes " path ", but " from " may only include: " allowed[from]
    }
  }')

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

# A file is one idea, and so is a room of placement/: what outgrows these is several.
while read -r count path; do
  complain "$path has $count lines; 600 at most"
done < <(find api ir lowering mlir_import mlir_plugin onnx_import operators passes placement support target tools \
           -name '*.cc' -o -name '*.h' | xargs wc -l | awk '$1 > 600 && $2 != "total"')
while read -r count folder; do
  complain "$folder has $count files; 15 at most"
done < <(find placement -name '*.cc' -o -name '*.h' -o -name '*.def' | sed 's|/[^/]*$||' | sort | uniq -c | awk '$1 > 15')

[ "$failures" -eq 0 ] && echo "layers hold" || { echo "$failures violations"; exit 1; }
