#!/usr/bin/env bash
# `allot run ...` becomes the program allot-run. Arguments: allot, a scratch folder.
set -uo pipefail
rm -rf "$2"
mkdir -p "$2/programs" "$2/on path" "$2/link" "$2/work"
scratch=$(cd "$2" && pwd)
allot=$scratch/programs/allot
cp "$1" "$allot" # a copy: what lies beside it is ours
cd "$scratch/work"
passed=0 failed=0 search=$PATH

# Passes if the two texts are equal.
same() { # WHAT EXPECTED ACTUAL
  if [ "$2" = "$3" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); printf 'FAILED %s: expected\n%s\nfound\n%s\n' "$1" "$2" "$3"; fi
}
# refuses WHAT PATTERN ARGUMENTS...: exit status 1 and one error that matches PATTERN.
refuses() {
  local what=$1 pattern=$2 status; shift 2
  PATH=$search "$allot" "$@" >../stdout 2>../stderr
  status=$?
  if [ $status -eq 1 ] && [ "$(wc -l <../stderr)" -eq 1 ] && grep -qE "^error: $pattern" ../stderr && [ ! -s ../stdout ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1)); echo "FAILED $what: status $status, $(cat ../stdout ../stderr)"
  fi
}
program() { # FILE WHO: prints its arguments, one a line, and ends with status 7
  printf '#!/bin/sh\necho "%s"\nfor argument in "$@"; do printf "<%%s>\\n" "$argument"; done\nexit 7\n' "$2" >"$1"
  chmod +x "$1"
}

refuses "a missing program" "allot-tune is not beside allot .*PATH.*Python 3.9.*onnxruntime" tune model.onnx
refuses "a missing program of Allot's own" "allot-make-model is not beside allot .*PATH.*installed with allot" make-model

program "$scratch/on path/allot-run" "on the path"
actual=$(PATH="$scratch/on path:$PATH" "$allot" run; echo "status $?")
same "the path serves" "$(printf 'on the path\nstatus 7')" "$actual"

program "$scratch/programs/allot-run" beside
actual=$(PATH="$scratch/on path:$PATH" "$allot" run 'two words' '' --flag='a "b" $c \d' -- '*' $'line\nbreak'; echo "status $?")
same "arguments and status pass through" \
  "$(printf 'beside\n<two words>\n<>\n<--flag=a "b" $c \\d>\n<-->\n<*>\n<line\nbreak>\nstatus 7')" "$actual"
same "standard input passes through" "through" "$(program ../programs/allot-profile x; printf '#!/bin/sh\ncat\n' >../programs/allot-profile; echo through | "$allot" profile)"
printf '#!/bin/sh\nkill -TERM $$\n' >../programs/allot-profile
"$allot" profile >/dev/null 2>&1
same "a signal passes through" 143 $?

ln -s ../programs/allot ../link/allot
same "a link to allot finds what is beside allot itself" "beside" "$(../link/allot run)"

: >../programs/allot-tune
refuses "a program without permission" "cannot execute .*allot-tune.*chmod" tune
rm ../programs/allot-tune
ln -s nowhere ../programs/allot-tune
refuses "a dangling link" "allot-tune is not beside allot" tune
rm ../programs/allot-tune
refuses "a missing program that runs no model" "allot-view is not beside allot .*Python 3.9 or later\\)$" view

# Only the first argument names a program; a model of that name has a path.
refuses "a model called run" "./run: " ./run
refuses "a model called run, behind a flag" "run: " --quiet run
for name in explain diff check run profile target tune view make-model train-proposer; do
  same "--help names $name" 1 "$("$allot" --help | grep -c "^  $name  ")"
done

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
