#!/usr/bin/env bash
# The programs load plug-ins before they look at anything else, and refuse bad ones with one error. Arguments: the
# folder of the programs, that of the test plug-ins, a model.
set -uo pipefail
programs=$1 plugins=$2 model=$3
failed=0
fail() { echo "FAILED $*"; failed=$((failed + 1)); }

# prints PATTERN PROGRAM ARGUMENTS...: succeeds, and what it prints matches.
prints() {
  local pattern=$1 program=$2 text; shift 2
  text=$("$programs/$program" "$@" 2>&1 </dev/null) || fail "$program $*: exit status $?: $text"
  grep -qE -e "$pattern" <<<"$text" || fail "$program $*: no '$pattern' in: $text"
}
# refuses PATTERN PROGRAM ARGUMENTS...: exit status 1 and one error that matches.
refuses() {
  local pattern=$1 program=$2 text status; shift 2
  text=$("$programs/$program" "$@" 2>&1 >/dev/null </dev/null); status=$?
  [ $status -eq 1 ] || fail "$program $*: exit status $status"
  [ "$(grep -cE '(^|: )error: ' <<<"$text")" -eq 1 ] || fail "$program $*: not one error: $text"
  grep -qE -e "$pattern" <<<"$text" || fail "$program $*: no '$pattern' in: $text"
}

told=$plugins/says_what_it_is_told.so
for program in allot allot-opt allot-solve; do
  prints '--load-pass-plugin=LIB.so' $program --help
  refuses "^error: --load-pass-plugin=$plugins/broken_build.so: is built for 'allot 0.0.1" $program \
    --no-such-flag --load-pass-plugin="$plugins/broken_build.so"
  refuses '^error: --load-plugin=none.so: cannot be loaded' $program -load-plugin none.so
  refuses '^error: --load-plugin needs a value' $program --load-plugin
done
prints '^  told +answers as its options say' allot --list --load-plugin="$told"
prints '^  told +version 0.3, ' allot --list --load-plugin="$told" --load-pass-plugin="$told"
# Five operators of 10 us, and 5 us for the launch.
prints '^value +0.0550 ms' allot "$model" --target=cpu-2gpu --load-plugin "$told" --cost-model='told{time=10000000}' \
  --target=cpu-gpu --pin='.*=cpu0' --pass-pipeline='infer-shapes,estimate-cost,coarsen,place,form-parts,schedule'
refuses "cost of node 'hidden' \(MatMul\) on cpu0: plug-in 'told': .* no table for MatMul" allot "$model" --target=cpu-2gpu \
  --load-plugin="$told" --cost-model='told{error}'
refuses "estimate says -1 ps" allot "$model" --target=cpu-2gpu --load-plugin="$told" --cost-model='told{time=-1}'
refuses '^error: --cost-model: told: needs options' allot "$model" --target=cpu-2gpu --load-plugin="$told" --cost-model=told

door=--load-plugin=$plugins/every_door.so
prints '^  --door-rename' allot-opt --help "$door"
prints '^      to=renamed ' allot-opt --list-passes "$door"
prints 'sym_name = "x"' allot-opt "$model" "$door" --door-rename='to=x'
prints 'sym_name = "renamed"' allot-opt "$model" "$door" --pass-pipeline='onnx.graph(door-pipeline)'
refuses "error: pass 'door-throws': plug-in 'every-door': .* index 7" allot-opt "$model" "$door" --door-throws
refuses "did you mean '--door-rename'" allot-opt "$model" "$door" --door-renam
refuses "solver 'door-solver': threw an exception" allot "$model" "$door" --target=cpu-2gpu --solver=door-solver
refuses "output 'door-nothing': made nothing" allot "$model" "$door" --target=cpu-2gpu --emit=door-nothing -o /dev/null/out
refuses "there are .*door-cost" allot "$model" "$door" --target=cpu-2gpu --cost-model=dor-cost
prints '^  door:Same +elementwise' allot --list "$door"
prints '^door-solver$' allot-solve "$door" --list-solvers

[ $failed -eq 0 ] && echo "plug-ins are loaded and refused as they should be"
