#!/usr/bin/env bash
# Tries inputs that real use broke: runs what the README of each case says, on a copy, and prints "right" or "wrong" for each claim.
# usage: bench/cases.sh FOLDER [--build=build] [--only=REGEX]
# FOLDER has one folder a case, as 03-stft-shape; cases that are not there are left out. Exit status 1 if anything is wrong. What runs
# parts needs a Python with ONNX Runtime (python/install_runtime.sh).
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cases='' build=$here/../build only=.
for argument in "$@"; do
  case $argument in
    --build=*) build=${argument#*=} ;;
    --only=*) only=${argument#*=} ;;
    -*) echo "error: $argument: no such flag; usage: bench/cases.sh FOLDER [--build=build] [--only=REGEX]" >&2; exit 1 ;;
    *) cases=$argument ;;
  esac
done
[ -d "$cases" ] || { echo "error: '$cases': no such folder; usage: bench/cases.sh FOLDER" >&2; exit 1; }
build=$(cd "$build" && pwd) || exit 1
cases=$(cd "$cases" && pwd)
export PATH=$build:$PATH
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
right=0 wrong=0 name=

# enter CASE: goes into a copy of the case; fails if it is not there or not asked for.
enter() {
  name=$1
  [[ $name =~ $only ]] || return 1
  [ -d "$cases/$name" ] || { echo "absent $name"; return 1; }
  cp -r "$cases/$name" "$scratch/$name" && chmod -R u+w "$scratch/$name" && cd "$scratch/$name" || exit 1
}
# link FILE: a symbolic link that was copied as a file that holds where it leads.
link() {
  [ -L "$1" ] || { local to; to=$(cat "$1"); rm "$1"; ln -s "$to" "$1"; }
}
says() { # WHAT STATUS
  if [ "$2" -eq 0 ]; then right=$((right + 1)); echo "right  $name: $1"; else
    wrong=$((wrong + 1)); echo "wrong  $name: $1"; sed 's/^/         /' <(tail -n 4 .stdout .stderr 2>/dev/null); fi
}
# ok WHAT COMMAND...: the command succeeds within two minutes. Its output is in the files .stdout and .stderr.
ok() { local what=$1; shift; timeout 120 "$@" >.stdout 2>.stderr </dev/null; says "$what" $?; }
# refused WHAT PATTERN COMMAND...: it ends with status 1 and one error, which matches.
refused() {
  local what=$1 pattern=$2 status; shift 2
  timeout 120 "$@" >.stdout 2>.stderr </dev/null; status=$?
  [ $status -eq 1 ] && [ "$(grep -c '^error: ' .stderr)" -eq 1 ] && grep -qE "$pattern" .stderr; says "$what" $?
}
has() { grep -qE "$2" .stdout .stderr; says "$1" $?; }          # WHAT PATTERN: the last command said so
lacks() { ! grep -qE "$2" .stdout .stderr; says "$1" $?; }      # WHAT PATTERN: it did not
typed() { # FILE TYPE: the last result of the model has this type
  allot-opt "$1" --infer-shapes >.stdout 2>.stderr </dev/null
  grep -qF "$2" .stdout && ! grep -q 'has no rule\|no inference\|without' .stderr; says "$1: $2" $?
}
scatter() { # MODEL: over the three devices of target3.json by name, and run
  ok "$1 is planned" allot "$1" --target=target3.json --pin='c0_.*=c0' --pin='c1_.*=c1' --pin='c2_.*=c2' -o "o-$1"
  ok "$1: parts run and are equal" allot run "o-$1/manifest.json" --check --opt=disabled
}

if enter 01-stale-value-info; then
  for model in stale_batch onnx3565_like; do
    ok "$model is planned" allot $model.onnx --target=two.json --pin conv=d0 --pin n1=d1 --pin n2=d2 -o $model
    [ $model = stale_batch ] && has "$model: a contradiction is a warning" 'warning: '
  done
  for n in 1 4 7; do ok "stale_batch runs at N=$n" allot run stale_batch/manifest.json --check --on=cpu --opt=disabled --dim N=$n; done
  ok "onnx3565_like runs" allot run onnx3565_like/manifest.json --check --on=cpu --opt=disabled
fi
if enter 02-huggingface-cache; then
  link hf/snapshots/rev1/onnx/model.onnx; link hf/snapshots/rev1/onnx/model.onnx_data
  ok "planned" allot hf/snapshots/rev1/onnx/model.onnx --target=two.json --pin m0=d0 --pin m1=d1 -o out
  ok "runs" allot run out/manifest.json --check --on=cpu
  grep -q '"model": ".*snapshots/rev1/onnx/model.onnx"' out/manifest.json; says "the manifest names the path that was given" $?
  grep -q '"model": "model.onnx"' out/plan.json; says "the plan names the model" $?
  ok "tuned" allot tune hf/snapshots/rev1/onnx/model.onnx --target=host:cpus=1+1 --seconds=0.2 --rounds=1 -o out2
fi
if enter 03-stft-shape; then
  ok "planned" allot stft.onnx --target=two.json --pin 'r|stft=d0' --pin 'pow|sq=d1' -o out
  ok "runs" allot run out/manifest.json --check --on=cpu --opt=disabled
  typed stft.onnx 'tensor<1x15x9x2x'
fi
if enter 04-constant-work-crosses; then
  ok "planned" allot tied_dq.onnx --target=two.json --pin emb=d0 --pin 'head|ffn=d1' -o out
  has "the cut is 8 KiB" 'cut +8\.0 KiB in 1 transfer'
  ok "by pcie.json" allot tied_dq.onnx --target=pcie.json --pin emb=d0 --pin 'head|ffn=d1' --json
  value=$(grep -oE '"value_us": [0-9.]+' .stdout | head -1)
  ok "copied by hand" allot tied_dq_copied_by_hand.onnx --target=pcie.json --pin 'emb.*=d0' --pin 'head.*|ffn.*=d1' --json
  awk -v a="${value##* }" -v b="$(grep -oE '"value_us": [0-9.]+' .stdout | head -1 | grep -oE '[0-9.]+$')" 'BEGIN { exit !(a > 0 && a <= b * 1.001) }'
  says "no slower than copied by hand" $?
fi
if enter 05-canonicalize-shadowing; then
  for pass in canonicalize drop-identity cse; do ok "--$pass" allot-opt identity.onnx --$pass; done
  ok "planned after it" allot identity.onnx --target=two.json -o out
  ok "runs" allot run out/manifest.json --check --on=cpu
fi
if enter 06-profile-node-names; then
  ok "profiled" allot profile backslash.onnx --target=host:cpus=1+1 -o c.csv
  ok "tuned" allot tune backslash.onnx --target=host:cpus=1+1 --seconds=0.2 --rounds=1
fi
if enter 07-uncuttable-unsaid; then
  refused "pins: the error names what cannot cross" "'sq'.*sequence" allot sequence.onnx --target=two.json --pin n1=d1 --pin n2=d2
  ok "without pins" allot sequence.onnx --target=two.json
  has "... a warning names it" 'warning: .*sequence'
fi
if enter 08-embed-annotated; then
  truncate -s 3774873600 w.data
  ok "embedded" allot m.onnx --target=two.json --pin m0=d0 --pin m1=d1 --pin m2=d2 --external-data=embed -o out
  [ "$(find out -name '*.onnx' -size +1000000000c | wc -l)" -eq 3 ]; says "parts of 1.2 GB each are there" $?
  rm -rf out w.data
fi
if enter 09-regex-bytes; then
  for pin in '[层]/.*=d1' 'Ünïcode .=d2'; do
    ok "--pin '$pin'" allot unicode.onnx --target=two.json --pin "$pin"
    lacks "... matches a node" 'matches no node'
  done
fi
if enter 10-solve-contiguous; then
  timeout 60 allot-solve glow3003.json --objective=throughput --contiguous >.stdout 2>.stderr
  has "infeasible" '^status +infeasible|infeasible'
  lacks "... proved" 'no solution found'
fi
if enter 11-run-bf16; then
  ok "planned" allot bf16.onnx --target=two.json --pin n0=d0 --pin n1=d1 --pin n2=d2 -o out
  if timeout 60 allot run out/manifest.json --check --on=cpu >.stdout 2>.stderr; then says "runs" 0; else
    grep -qE "^error: .*bfloat16" .stderr; says "the error names the type" $?
  fi
fi
if enter 12-duplicate-names; then
  ok "planned" allot dup.onnx --target=two.json --pin dup=d0 -o out
  has "... with a warning" "warning: .*(two nodes|of one name|named 'dup')"
fi
if enter 13-one-node-models; then
  ok "a function is looked into" allot function.onnx --target=two.json
  timeout 60 allot function.onnx --target=small.json >.stdout 2>.stderr
  has "small devices: placed, or told why" 'value|function|inline'
  lacks "... not by fewer pins" 'fewer pins'
fi
if enter 14-dla-parts; then
  python3 - <<'PY'
import json
target = json.load(open('orin.json'))
for device in target['devices']:
    if device['name'].startswith('dla'): device['max_parts'] = 8
json.dump(target, open('limited.json', 'w'))
PY
  ok "planned" allot 70_dla.onnx --target=limited.json --objective=throughput
  [ "$(awk '$1 == "dla0" { print $2 }' .stdout)" -le 8 ]; says "at most 8 parts on dla0" $?
fi
if enter 15-two-servers; then
  model=$(command -v allot-make-model || echo "$build/allot-make-model")
  ok "the model" "$model" transformer-encoder te.onnx
  ok "planned" allot te.onnx --target=twoservers.json --objective=throughput --json
  awk -v us="$(grep -oE '"value_us": [0-9.]+' .stdout | head -1 | grep -oE '[0-9.]+$')" 'BEGIN { exit !(us > 0 && us <= 349.5) }'
  says "no slower than four pins (349.5 us)" $?
fi
if enter 16-onnx-suite; then
  typed stft.onnx 'tensor<1x15x9x2xf32>'
  typed stft_opset25.onnx 'x9x2x'
  scatter stft_split.onnx
  ok "if_squeeze is planned" allot if_squeeze.onnx --target=cpu-2gpu --pin=if=gpu0 --pin=reshape=cpu0 --dim n=60 -o o-if
  ok "if_squeeze: parts run" allot run o-if/manifest.json --check --on=cpu --inputs=if.inputs.json
  scatter affine_grid_3d_expanded_constant_inputs.onnx
  for file in bitcast_float32_to_int32 cumprod_1d causal_conv_with_state_basic swiglu flexattention adam adagrad scan_sum loop16_seq_none \
              nllloss_NC_op28 melweightmatrix_op28 optional_empty; do
    ok "$file" allot-opt $file.onnx --infer-shapes
    lacks "... is typed" 'warning'
  done
  typed dft_irfft_v2_ints.onnx 'tensor<1x10x10x1x'
  typed resize_downsample_sizes_nearest_not_smaller_v2_ints.onnx 'tensor<1x1x2x3x'
  ok "affine_grid_2d_v1_plain" allot-opt affine_grid_2d_v1_plain.onnx --infer-shapes
  lacks "... has its rank" '\) -> tensor<\*x|tensor<\*'
  ok "nllloss_NC_v5_symsize" allot-opt nllloss_NC_v5_symsize.onnx --infer-shapes
  has "... has the length of its target" 'tensor<3xf32>'
  for edge in bf16 f8 i4; do
    ok "edge_$edge is planned" allot edge_$edge.onnx --target=cpu-2gpu --pin=a=cpu0 --pin=b=gpu0 -o o-$edge
    if timeout 60 allot run o-$edge/manifest.json --check --on=cpu >.stdout 2>.stderr; then says "edge_$edge runs" 0; else
      grep -qE '^error: .*(bfloat16|float8|int4)' .stderr; says "edge_$edge: the error names the type" $?
    fi
  done
fi
if enter 17-hostile; then
  link hardlink_demo/m/w.bin
  ok "functions that call functions twice, 64 levels" allot exponential_functions_64.onnx --target=cpu-2gpu
  ok "a pool, calls" allot-solve calls_nothing_found.problem.json
  lacks "... is answered" 'no solution found'
  ok "auto with little work" allot-solve auto_finds_nothing.problem.json --work-limit=100000
  lacks "... is answered" 'no solution found'
  refused "data out of the model's folder by a link" 'w\.bin' allot hardlink_demo/m/m.onnx --target=cpu-2gpu -o stolen
  ! find . -path ./hardlink_demo -prune -o -name w.bin -print | grep -q .; says "... nothing is copied" $?
  timeout 60 allot-opt regex_stack_overflow.mlir --verify-diagnostics >.stdout 2>.stderr; [ $? -le 1 ]; says "long lines in --verify-diagnostics" $?
  refused "--target=/dev/zero" '/dev/zero' allot exponential_functions_64.onnx --target=/dev/zero
  timeout 60 allot-solve calls_nothing_found.problem.json --json >/dev/full 2>.stderr; [ $? -eq 1 ]; says "a full disk under standard output" $?
fi
echo "$right right, $wrong wrong"
[ "$wrong" -eq 0 ]
