#!/usr/bin/env bash
# `allot make-model`: what it lists, what it writes, what it refuses. Arguments: allot, a scratch folder.
set -uo pipefail
allot=$1 scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch/models"
cd "$scratch" || exit 1
passed=0 failed=0
check() { if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED $2: $(cat stderr)"; fi; }

# refuses WHAT PATTERN ARGUMENTS...
refuses() {
  local what=$1 pattern=$2; shift 2
  "$allot" make-model "$@" >stdout 2>stderr
  local status=$?
  [ $status -eq 1 ] && [ "$(grep -c '^error: ' stderr)" -eq 1 ] && grep -qE "$pattern" stderr &&
    [ ! -s stdout ] && [ -z "$(ls -A models)" ]
  check $? "$what (status $status)"
}
refuses "no arguments" "no model named"
refuses "no file" "no file named" unet
refuses "too many arguments" "too many arguments" unet models/a.onnx models/b.onnx
refuses "an unknown model" "'alexnet'; there are decoder-70b, .*unet" alexnet models/a.onnx
refuses "an unknown flag" "argument '--all'.*allot make-model --help" unet --all
refuses "a model misspelt" "did you mean 'unet'" unett models/a.onnx
refuses "a list and a model" "too many arguments" --list unet
refuses "a folder that is not there" "cannot be written" mobilenet-v2 nowhere/a.onnx
mkdir taken
refuses "a folder as the file" "taken cannot be written" mobilenet-v2 taken
[ ! -e taken.tmp ]; check $? "leaves no unfinished file"

"$allot" make-model --list >list 2>stderr && grep -qE '^inception-v3 +.' list && ! grep -qv ' ' list
check $? "lists the models"
"$allot" make-model mobilenet-v2 models/a.onnx >stdout 2>stderr && [ "$(cat stdout)" = "models/a.onnx: 100 nodes" ] &&
  [ "$(ls models)" = a.onnx ]
check $? "writes a model"
refuses_sparse() {
  "$allot" make-model "$2" sparse.onnx >stdout 2>stderr
  [ $? -eq 1 ] && [ "$(grep -c '^error: ' stderr)" -eq 1 ] && grep -qE "$1" stderr && [ ! -e sparse.onnx ]
  check $? "$2"
}
refuses_sparse "N=100: must be 16 times a power of two" radixnet:N=100
refuses_sparse "no such option .M." radixnet:M=100
refuses_sparse "must be one of dense" radixnet:format=csr
refuses_sparse "product must be N=1024" radixnet:radices=32x31
refuses_sparse "do not fit into one file; format=sparse" radixnet:N=16384,layers=20
refuses_sparse "multiples of block=16" block-sparse:degree=20
for format in dense sparse sparse-2d qdq; do
  "$allot" make-model radixnet:N=64,layers=2,format=$format sparse.onnx >stdout 2>stderr && [ -s sparse.onnx ]
  check $? "writes sparse weights as $format"
done
"$allot" make-model random-rows:N=64,layers=2,degree=4 sparse.json >stdout 2>stderr && grep '"allot.rows/1"' sparse.json >/dev/null
check $? "writes rows as a problem"
"$allot" make-model --list >/dev/full 2>stderr
[ $? -eq 1 ] && grep -q '^error: cannot write to standard output' stderr; check $? "says that standard output is full"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
