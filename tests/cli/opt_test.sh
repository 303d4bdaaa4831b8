#!/usr/bin/env bash
# allot-opt where golden files do not reach: files it writes, reproducers, completion, and the same input given to
# mlir-opt. Arguments: the folder of the programs, a scratch folder, an ONNX file, and mlir-opt or nothing.
set -uo pipefail
programs=$1 scratch=$2 onnx=$3 mlir_opt=${4:-}
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
PATH=$programs:$PATH
passed=0 failed=0
pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAILED $*"; }
check() { # WHAT COMMAND...
  local what=$1; shift
  if "$@" >check.out 2>check.err; then pass; else fail "$what: $(head -5 check.out check.err)"; fi
}
refuses() { # WHAT PATTERN COMMAND...
  local what=$1 pattern=$2; shift 2
  "$@" >out 2>err
  local status=$?
  if [ $status -eq 1 ] && grep -qE -- "$pattern" err; then pass; else fail "$what: status $status, $(cat err)"; fi
}
same() { # WHAT EXPECTED ACTUAL
  if [ "$2" = "$3" ]; then pass; else fail "$1: expected '$2', not '$3'"; fi
}

cat >chain.mlir <<'EOF'
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<64x64xf32> loc("x")):
    %0 = "onnx.MatMul"(%x, %x) {onnx.outputs = ["a"], onnx_node_name = "product"} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    %1 = "onnx.Identity"(%0) {onnx.outputs = ["b"], onnx_node_name = "copy"} : (tensor<64x64xf32>) -> tensor<64x64xf32>
    %2 = "onnx.Relu"(%1) {onnx.outputs = ["c"], onnx_node_name = "relu"} : (tensor<64x64xf32>) -> tensor<64x64xf32>
    "onnx.Return"(%2) : (tensor<64x64xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
EOF

# Both spellings, one or two dashes, standard input and output.
allot-opt chain.mlir --drop-identity -o a.mlir
for flags in "-drop-identity -o -" "--pass-pipeline=drop-identity -o -" "--mlir-disable-threading --drop-identity"; do
  # shellcheck disable=SC2086
  if allot-opt $flags - <chain.mlir | cmp -s - a.mlir; then pass; else fail "$flags"; fi
done
check "verified round trip" allot-opt chain.mlir --verify-roundtrip --place-default -o placed.mlir
check "its result is read again" allot-opt placed.mlir --verify-roundtrip --mlir-print-op-generic --mlir-print-local-scope

# Dumps into files, where mlir-opt puts them.
check "dumps into files" allot-opt chain.mlir --cse --drop-identity --mlir-print-ir-after-all \
  --mlir-print-ir-before=cse --mlir-print-ir-tree-dir=tree
same "files of dumps" "tree/builtin_module_no-symbol-name/onnx_graph_main/0_0_cse.mlir
tree/builtin_module_no-symbol-name/onnx_graph_main/0_1_cse.mlir
tree/builtin_module_no-symbol-name/onnx_graph_main/0_2_drop-identity.mlir" "$(find tree -type f | sort)"
same "nothing on standard error" "" "$(cat check.err)"
same "a dump's banner" "// -----// IR Dump After DropIdentity (drop-identity) //----- //" \
  "$(head -1 tree/builtin_module_no-symbol-name/onnx_graph_main/0_2_drop-identity.mlir)"
allot-opt chain.mlir --cse --drop-identity --print-ir-after-change 2>err >out
same "only what changed" "// -----// IR Dump After DropIdentity (drop-identity) //----- //" "$(grep -- ---// err)"
refuses "dumps of no pass" "did you mean 'cse'" allot-opt chain.mlir --cse --print-ir-after=csee
refuses "dumps into a file" "print-ir-tree-dir" allot-opt chain.mlir --cse --print-ir-after-all --print-ir-tree-dir=chain.mlir

# Reports.
allot-opt chain.mlir --drop-identity --timing 2>err >out
same "what is timed" "Parser, 'onnx.graph' Pipeline, DropIdentity, (A) Verify, Output, Rest, Total" \
  "$(sed -n 's/^.*%)  *//p' err | paste -sd, | sed 's/,/, /g')"
allot-opt chain.mlir --place-default --pass-statistics --pass-statistics-display=list 2>err >out
check "statistics count" grep -qE '^  \(S\) +[0-9]+ ' err

# The placement problem of the clusters, as allot-solve reads it.
check "a problem" allot-opt chain.mlir --target=cpu-gpu --objective=throughput --estimate-cost --coarsen --print-problem -o p.json
check "is read" allot-solve p.json --print-problem -o q.json
check "to the same" cmp p.json q.json
same "what it asks" '"objective": "throughput"' "$(grep -o '"objective": "throughput"' p.json)"
same "launches count" '"part_cost": "20us"' "$(grep -o '"part_cost": "20us"' p.json)"
refuses "a problem without clusters" "run coarsen first" allot-opt chain.mlir --estimate-cost --print-problem

# Reproducers: asked for, of a failing pass, and run again.
check "a reproducer" allot-opt chain.mlir --target=cpu-gpu --objective=throughput --estimate-cost --coarsen --place \
  --mlir-generate-reproducer=r.mlir -o first.mlir
check "runs again" allot-opt r.mlir --run-reproducer -o second.mlir
check "to the same" cmp first.mlir second.mlir
refuses "a reproducer with other passes" "leave the passes out" allot-opt r.mlir --run-reproducer --cse
refuses "a failing pass" "reproducer generated at .f.mlir" allot-opt chain.mlir --cse --place \
  --mlir-pass-pipeline-crash-reproducer=f.mlir
check "holds the pipeline" grep -q 'pipeline: "builtin.module(onnx.graph(cse{constant-bytes=4096},place{' f.mlir
refuses "fails again" "run estimate-cost first" allot-opt f.mlir --run-reproducer
refuses "of the failing pass alone" "reproducer generated" allot-opt chain.mlir --cse --place \
  --pass-pipeline-crash-reproducer=l.mlir --pass-pipeline-local-reproducer
check "holds one pass" grep -q 'pipeline: "builtin.module(onnx.graph(place{' l.mlir
# A crash in a pass: a pipe in the place of a dump's file, which holds less than the dump. Once something comes out of it, the
# pass is at work, and it stays there.
folder=hung/builtin_module_no-symbol-name/onnx_graph_main
mkdir -p $folder && mkfifo $folder/0_1_cse.mlir && exec 3<>$folder/0_1_cse.mlir
{
  sed -n '1,/"copy"/p' chain.mlir
  before=%1
  for i in $(seq 2000); do
    echo "%r$i = \"onnx.Tanh\"($before) {onnx.outputs = [\"r$i\"], onnx_node_name = \"tanh$i\"} : (tensor<64x64xf32>) -> tensor<64x64xf32>"
    before=%r$i
  done
  sed -n '/"relu"/,$p' chain.mlir
} >long.mlir
allot-opt long.mlir --cse --print-ir-before=cse --print-ir-after=cse --print-ir-tree-dir=hung \
  --pass-pipeline-crash-reproducer=c.mlir -o c.out 2>err &
crashing=$!
check "a pass that is at work" timeout 300 head -c 1 <&3
kill -SEGV $crashing
wait $crashing
same "the status of a crash" 1 $?
exec 3>&-
same "what is said of a crash" "error: crashed in pass 'cse'; reproducer generated at \`c.mlir\`" "$(cat err)"
check "a crash leaves no output" test ! -e c.out
check "its reproducer runs" allot-opt c.mlir --run-reproducer

# ONNX from a file and from standard input, in any pass.
cp "$onnx" model.onnx
allot-opt model.onnx --canonicalize --verify-roundtrip -o file.mlir
allot-opt --canonicalize <model.onnx | sed 's/<stdin>/model.onnx/' >stdin.mlir
check "ONNX from a file" grep -q onnx.graph file.mlir
check "ONNX from standard input" grep -q onnx.graph stdin.mlir
echo 'no IR' >no_ir
refuses "a text that is no IR" "^<stdin>:1:1: error: expected an op in generic form" allot-opt - <no_ir

refuses "no bytecode" "binary form is ONNX" allot-opt chain.mlir --emit-bytecode
refuses "no ONNX" "writes text" allot-opt chain.mlir -o x.onnx
refuses "an unknown flag" "^error: Unknown command line argument '--csee'; did you mean '--cse'\\? Try: 'allot-opt --help'$" \
  allot-opt chain.mlir --csee

# Expectations in the input, as mlir-opt reads them.
cat >wrong.mlir <<'EOF'
// expected-error-re@+1 {{{{.+}}}}
"onnx.graph"(x) : () -> ()

// -----

"builtin.module"() ({
  // expected-error-re @below {{{{.+}}}}
  "onnx.graph"() : () -> tensor<4xf33>
}) : () -> ()
EOF
check "expected diagnostics" allot-opt wrong.mlir --split-input-file --verify-diagnostics
refuses "diagnostics that are not expected" 'unexpected error' \
  allot-opt <(sed 's/expected-error/nothing/' wrong.mlir) --split-input-file --verify-diagnostics
if [ -n "$mlir_opt" ]; then
  check "mlir-opt expects the same" "$mlir_opt" wrong.mlir --split-input-file --verify-diagnostics --allow-unregistered-dialect
  for file in r.mlir f.mlir first.mlir; do
    check "mlir-opt reads $file" "$mlir_opt" $file --allow-unregistered-dialect --verify-roundtrip
  done
fi

# Completion, in the bash that runs this.
for program in allot allot-opt allot-solve; do
  # shellcheck disable=SC1090
  source <("$program" --print-completion=bash) || fail "completion of $program"
done
complete_line() { # LINE -> what completes it, on one line
  COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
  local program=${1%% *}
  "_${program//-/_}" 2>/dev/null
  echo "${COMPREPLY[*]}"
}
same "a flag" "--drop-identity" "$(complete_line 'allot-opt --drop')"
same "a flag with a value" "--objective=" "$(complete_line 'allot --obj')"
same "one dash" "-drop-identity" "$(complete_line 'allot-opt -drop')"
same "a choice" "latency" "$(complete_line 'allot-opt --objective=lat')"
same "a choice behind a space" "latency throughput" "$(complete_line 'allot-opt --objective ')"
same "mlir-opt's spelling" "tree" "$(complete_line 'allot-opt --mlir-timing-display=t')"
same "the next of a list" "cse,drop-identity" "$(complete_line 'allot-opt --print-ir-after=cse,drop')"
same "a solver" "heft" "$(complete_line 'allot-solve --solver=hef')"
same "a subcommand" "run" "$(complete_line 'allot ru')"
same "a file" "chain.mlir" "$(complete_line 'allot-opt --cse cha')"
same "a file as a value" "chain.mlir" "$(complete_line 'allot-opt -o cha')"
for shell in zsh fish; do
  allot-opt --print-completion=$shell >completion.$shell
  check "completion for $shell" grep -q -- 'split-modularity' completion.$shell
done
refuses "completion for no shell" "expected =bash, =zsh, =fish" allot-opt --print-completion=csh

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
