#!/usr/bin/env bash
# Allot as others meet it: installed, moved, and used from folders that know nothing of the source tree.
# Arguments: the build folder, the source folder, a folder to work in, and whether it was built with GLPK (ON or OFF).
set -euo pipefail
build=$1 source=$2 work=$3 glpk=$4
fail() { echo "FAILED: $*" >&2; exit 1; }
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$*"; }; }

rm -rf "$work"
mkdir -p "$work/src"
work=$(realpath "$work")

# Installed in one place and moved to another, it must not know where it was, or where it was built.
quietly cmake --install "$build" --prefix "$work/first"
mv "$work/first" "$work/prefix"
prefix=$work/prefix
grep -rIlF -e "$source" -e "$work" "$prefix" && fail "these files know where they were built"
lib=$(dirname "$(find "$prefix" -name liballot.so)")
export PKG_CONFIG_PATH=$lib/pkgconfig

# What the core library asks for from outside: nothing of GLPK, and no way to print, read the environment or end the
# process but for its own bugs: abort() and the message before it (support/check.h).
wanted=$(nm -D --undefined-only "$lib/liballot.so" | awk '{print $NF}' | sed 's/@.*//')
for symbol in $wanted; do
  case $symbol in
    glp_* | exit | _exit | _Exit | quick_exit | getenv | secure_getenv | setenv | putenv | printf | puts | putchar | \
      perror | system | signal | sigaction | _ZSt4cout | _ZSt4cerr | _ZSt4clog)
      fail "liballot.so refers to $symbol" ;;
  esac
done
grep ' glp_' <<<"$(nm -D --defined-only "$lib/liballot.so")" && fail "liballot.so has symbols of GLPK"
grep ' glp_' <<<"$(nm -u "$lib/liballot.a" 2>/dev/null)" && fail "liballot.a refers to GLPK"

# --- embedding ---
cp -r "$source"/examples/embed_* "$work/src"
cp "$source/examples/plugins/mlp.onnx" "$work"
cd "$work"
configure() { # name of the build, source, options
  local name=$1 from=$2
  shift 2
  quietly cmake -G Ninja -S "src/$from" -B "build/$name" -DCMAKE_PREFIX_PATH="$prefix" "$@"
}
build() { configure "$@"; quietly cmake --build "build/$1"; }
agrees() { # file with what a program printed
  diff "$work/expected.txt" "$1" >&2 || fail "$1 differs from what C++ says"
}
found_libraries() { LD_LIBRARY_PATH=$lib "$@"; }

build cpp embed_cpp
build/cpp/place mlp.onnx cpu-2gpu >expected.txt
grep -q 'no plan is faster' expected.txt || fail "embed_cpp"

quietly cc -std=c99 -Wall -Wextra -Wpedantic -Werror src/embed_c/main.c $(pkg-config --cflags --libs allot) -o place_c
found_libraries ./place_c mlp.onnx cpu-2gpu >c.txt
agrees c.txt
build c embed_c
build/c/place mlp.onnx cpu-2gpu >c_cmake.txt
agrees c_cmake.txt
build/c/place mlp.onnx no-such-machine 2>error.txt && fail "embed_c takes a machine that does not exist"
grep -q '^error: .*no-such-machine' error.txt || fail "embed_c says: $(cat error.txt)"
quietly c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -x c++ -fsyntax-only "$prefix/include/allot/allot.h"

if command -v python3 >/dev/null; then
  python3 -B src/embed_python/place.py mlp.onnx cpu-2gpu --library="$lib" >python.txt
  agrees python.txt
  python3 -B - "$lib" <<'PYTHON' || fail "a prepared model gives another plan in Python"
import sys
sys.path.insert(0, 'src/embed_python')
from allot import Allot
allot = Allot(sys.argv[1])
with allot.prepare('mlp.onnx') as model, model.plan(target='cpu-2gpu') as plan:
    with allot.compile('mlp.onnx', target='cpu-2gpu') as truth:
        assert plan.value_ps == truth.value_ps and list(plan.nodes()) == list(truth.nodes())
PYTHON
fi
# What docs/embedding.md says to type: every line of it that compiles.
mkdir typed
cp src/embed_c/main.c src/embed_cpp/main.cc typed
compilers=$(sed -n '/^```sh$/,/^```$/p' "$source/docs/embedding.md" | grep -E '^(cc|c\+\+) ' | sed 's/ #.*//')
[ "$(wc -l <<<"$compilers")" -ge 4 ] || fail "docs/embedding.md says to compile: $compilers"
while read -r line; do
  [[ $glpk == ON || $line != *allot-milp* ]] || continue
  (cd typed && quietly bash -c "$line") || fail "docs/embedding.md: $line"
  found_libraries typed/place mlp.onnx cpu-2gpu >typed.txt
  [[ $line == *allot-milp* ]] || agrees typed.txt
done <<<"$compilers"
# Without pkg-config's shared library, and every name that the header promises.
quietly cc src/embed_c/main.c $(pkg-config --cflags --libs --static allot | sed 's/-lallot/-l:liballot.a/') -o place_static
./place_static mlp.onnx cpu-2gpu >c_static.txt
agrees c_static.txt
exported=$(nm -D --defined-only "$lib/liballot.so" | awk '{print $3}')
for name in $(grep -oE '\ballot_[a-z_]+\(' "$prefix/include/allot/allot.h" | tr -d '(' | sort -u); do
  grep -qx "$name" <<<"$exported" || fail "liballot.so lacks $name of allot.h"
done

# Static libraries; with GLPK, from which no other plan of this small model can be expected than the best one.
if [ "$glpk" = ON ]; then
  build static embed_cpp -DLINK_STATIC=ON -DWITH_MILP=ON
  quietly cc -std=c99 -DWITH_MILP src/embed_c/main.c $(pkg-config --cflags --libs allot-milp) -o place_milp
  found_libraries ./place_milp mlp.onnx cpu-2gpu >milp.txt
  build/static/place mlp.onnx cpu-2gpu >static.txt
  diff milp.txt static.txt >&2 || fail "GLPK's solver answers shared and static libraries differently"
  # What is under the GPL is not there for those who did not install it.
  quietly cmake --install "$build" --prefix "$work/core" --component dev
  quietly cmake --install "$build" --prefix "$work/core" --component runtime
  (cd "$work/core" && find .) | grep -i -e milp -e glpk && fail "the components of the core library have these"
  missing_from=$work/core
else
  build static embed_cpp -DLINK_STATIC=ON
  build/static/place mlp.onnx cpu-2gpu >static.txt
  agrees static.txt
  missing_from=$prefix
fi
grep liballot <<<"$(ldd build/static/place)" && fail "the static program needs shared libraries of Allot"
cmake -G Ninja -S src/embed_cpp -B build/missing -DCMAKE_PREFIX_PATH="$missing_from" -DWITH_MILP=ON >log 2>&1 &&
  fail "the component milp is found where it is not"
grep -q "component 'milp' is not installed" log || fail "without milp, find_package says: $(cat log)"

# --- plug-ins: every folder of examples/plugins that builds by itself; they are the same without GLPK ---
if [ "$glpk" = ON ]; then
  cp -r "$source/examples/plugins" "$work/src"
  for plugin in src/plugins/*/CMakeLists.txt; do
    name=$(basename "$(dirname "$plugin")")
    build "plugin-$name" "plugins/$name"
    (cd "build/plugin-$name" && quietly bash "$work/src/plugins/$name/test.sh" "$prefix")
  done

  # A plug-in finds Allot in a library as in a program.
  if command -v python3 >/dev/null; then
    python3 -B src/embed_python/place.py mlp.onnx cpu-2gpu --library="$lib" cost-model=memory-bound \
      load-plugin=build/plugin-cost_model/memory_bound.so >plugin.txt || fail "the plug-in does not load into liballot.so"
    diff plugin.txt expected.txt >/dev/null && fail "the plug-in's costs change nothing"
  fi
fi

# --- passes for MLIR, in a compiler that links it ---
if [ -e "$lib/libAllotMlir.so" ]; then
  build mlir embed_mlir
  cp "$source/tests/mlir_plugin/cases/partition.mlir" model.mlir
  build/mlir/place_mlir model.mlir cpu-gpu >placed.mlir || fail "embed_mlir"
  grep -q 'func.func private @main_part0' placed.mlir || fail "embed_mlir makes no parts: $(cat placed.mlir)"
  build/mlir/place_mlir model.mlir nowhere 2>error.txt && fail "embed_mlir takes a machine that does not exist"
  grep -q 'model.mlir:.*error: target=nowhere' error.txt || fail "embed_mlir says: $(cat error.txt)"
  if command -v mlir-opt-19 >/dev/null; then
    quietly mlir-opt-19 --allow-unregistered-dialect --load-pass-plugin="$lib/libAllotMlir.so" model.mlir \
      --pass-pipeline='builtin.module(allot-place{target=cpu-gpu})'
  fi
fi

# --- programs ---
grep -q 'is no Python 3.9' <<<"$(ALLOT_PYTHON=/nowhere/python "$prefix/bin/allot" run --help 2>&1)" || fail "allot run does not find its launcher"
python=$source/python/venv/bin/python
if [ -x "$python" ]; then
  grep -q allot-run <<<"$(ALLOT_PYTHON=$python "$prefix/bin/allot" run --help)" || fail "allot run does not find its program"
fi
echo "out of tree: all well"
