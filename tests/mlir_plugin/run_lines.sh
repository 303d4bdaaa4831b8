#!/usr/bin/env bash
# Runs the "// RUN:" lines of files as lit does: run_lines.sh FOLDER BUILD MLIR_OPT FILECHECK FILE...
# %s is the file, %t a name in a folder of its own; mlir-opt is the program with the plug-in loaded, the others are those
# of the build. Prints each command that fails.
set -uo pipefail
work=$1 build=$2 mlir_opt=$3 filecheck=$4
shift 4
rm -rf "$work" && mkdir -p "$work/bin"
cat > "$work/bin/mlir-opt" <<END
#!/bin/sh
exec "$mlir_opt" --load-pass-plugin="$build/libAllotMlir.so" "\$@"
END
chmod +x "$work/bin/mlir-opt"
ln -s "$filecheck" "$work/bin/FileCheck"
ln -s "$mlir_opt" "$work/bin/plain-mlir-opt"
for program in allot allot-opt; do ln -s "$build/$program" "$work/bin/$program"; done
printf '#!/bin/sh\nif "$@"; then exit 1; else exit 0; fi\n' > "$work/bin/not"
chmod +x "$work/bin/not"
export PATH="$work/bin:$PATH"
failed=0
for file in "$@"; do
  lines=0
  while IFS= read -r line; do
    lines=$((lines + 1))
    command=${line//%s/$file}
    command=${command//%t/$work/$(basename "$file")}
    if ! output=$(cd "$work" && bash -o pipefail -c "$command" 2>&1); then
      printf 'FAILED %s\n%s\n%s\n' "$file" "$command" "$output"
      failed=1
    fi
  done < <(sed -e ':join' -e '/\\$/{N;s/\\\n *\/\/ *RUN: */ /;b join' -e '}' "$file" | sed -n 's/^ *\/\/ *RUN: *//p')
  if [ "$lines" -eq 0 ]; then echo "FAILED $file: it has no RUN line"; failed=1; fi
done
exit $failed
