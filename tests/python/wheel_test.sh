#!/usr/bin/env bash
# The wheel for other machines: built, looked into, and installed and used in a root that has Python, the C and C++ libraries,
# NumPy and ONNX Runtime, and nothing else: no compiler, no library of Allot's. Arguments: a build folder, which is built in,
# and a folder to work in. Status 77: that cannot be tried here.
set -euo pipefail
build=$(realpath "$1") work=$2
cd "$(dirname "$0")/../.."
fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "skipped: $*"; exit 77; }
rm -rf "$work"
mkdir -p "$work"
work=$(realpath "$work")

apart=(unshare --mount)
[ "$(id -u)" -eq 0 ] || apart+=(--user --map-root-user)
"${apart[@]}" mount --rbind /proc /proc 2>/dev/null || skip "a root of its own needs the rights to mount, or namespaces of users"
for list in python/packaging/requirements.txt=wheel-tools tests/python/requirements.txt=python-venv; do
  .ci/python_packages.sh "${list%=*}" "$build/${list#*=}" >"$work/log" 2>&1 || { tail -n 3 "$work/log"; skip "${list%=*} cannot be installed"; }
done
wheel=$(python/build_wheel.sh "$work/wheels" "$build")

# --- what is in it ---
"$build/wheel-tools/bin/auditwheel" show "$wheel" >"$work/audit"
grep -qE '"manylinux_2_[0-9]+_x86_64"' "$work/audit" || { cat "$work/audit"; fail "the wheel is for no manylinux"; }
"$build/wheel-tools/bin/python" -m zipfile -e "$wheel" "$work/inside"
exported=$(nm -D --defined-only "$work/inside/allot/lib/liballot.so.0" | awk '{print $3}' | grep -v '^allot_' || true)
[ -z "$exported" ] || fail "the library shows more than the C interface: $(head -n 3 <<<"$exported")"
(cd "$work/inside" && find . | grep -i glpk) && fail "GLPK is in the wheel"
nm -D --undefined-only "$work/inside/allot/lib/liballot.so.0" | grep ' glp_' && fail "the library needs GLPK"
grep -q '^License-Expression: Apache-2.0$' "$work"/inside/allot-*.dist-info/METADATA || fail "the wheel does not say Apache-2.0"
grep -q '^License: Apache-2.0' "$work/inside/allot/copyright" || fail "the binaries do not say Apache-2.0"
for library in "$work"/inside/allot.libs/*; do
  case $(basename "$library") in
    libabsl*) licence=libabsl ;;
    libcrypto*) licence=libssl ;;
    libonnx*) licence=libonnx ;;
    libprotobuf*) licence=libprotobuf ;;
    libre2*) licence=libre2 ;;
    *) fail "$(basename "$library") is in the wheel, and this test does not know its licence" ;;
  esac
  compgen -G "$work/inside/allot-*.dist-info/licenses/$licence*" >/dev/null || fail "the licence of $licence is not in the wheel"
done

# --- a bare root: Python with its standard library, what these link, and packages from wheels ---
root=$work/root
mkdir -p "$root"/{tmp,dev,proc,there}
python=$build/python-venv/bin/python
copy() { # files, each to where it is, as a file
  local file
  for file; do
    mkdir -p "$root$(dirname "$file")"
    cp -L "$file" "$root$file"
  done
}
prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
interpreter=$(realpath "$prefix/bin/$version")
standard=$("$python" -c 'import os; print(os.path.dirname(os.__file__))')
copy "$interpreter"
mkdir -p "$root$standard"
(cd "$standard" && tar -c --exclude=./test --exclude=./site-packages --exclude=./dist-packages --exclude=__pycache__ --exclude='./config-*' \
  --exclude='*.a' .) | tar -x -C "$root$standard"
site=$root$standard/site-packages
mkdir -p "$site"
packages=$("$python" -c 'import os, numpy; print(os.path.dirname(os.path.dirname(numpy.__file__)))')
cp -r "$packages"/{numpy,numpy.libs,onnxruntime,flatbuffers,google,packaging} "$site"
mapfile -t linked < <({ echo "$interpreter"; find "$standard/lib-dynload" "$packages/numpy" "$packages/onnxruntime" -name '*.so*'; } |
  xargs ldd 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | grep -v "^$packages" | sort -u)
copy "${linked[@]}" "$(ldconfig -p | awk '/libstdc\+\+\.so\.6 .*x86-64/ {print $NF; exit}')"
# ldd names the loader by a link that the kernel follows as well.
copy /lib64/ld-linux-x86-64.so.2
: >"$root/dev/null"
# As root what is installed is unpacked files, whatever installs them.
"$build/wheel-tools/bin/pip" install --quiet --no-deps --no-index --target "$site" --python-version "${version#python}" --only-binary :all: "$wheel"
rm -rf "$site/bin"  # of pip, for the Python that ran it
cp examples/python/place.py examples/plugins/mlp.onnx "$root/there"
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/there LANG=C.UTF-8 PYTHONHOME="$prefix" PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$standard/site-packages" "${apart[@]}" bash -c 'mount --rbind /proc "$0/proc" && exec chroot "$0" "$@"' "$root" "$interpreter" "$@"; }

# Python links some of the libraries that others do; none of those that Allot brings.
(cd "$root" && find . -name '*.so*' | grep -v '/allot\.libs/' | grep -E 'lib(absl|protobuf|onnx|re2|glpk)[^/]*$' | grep -v '/onnxruntime/') &&
  fail "the root has these already"
inside -c 'import os; assert not os.path.exists("/usr/bin/cc") and not os.path.exists("/bin/sh")' || fail "the root is not bare, or does not run"
inside /there/place.py /there/mlp.onnx cpu-2gpu >"$work/placed" || fail "the example does not run in the bare root"
PYTHONPATH=$work/inside "$python" examples/python/place.py >"$work/expected" || fail "the example does not run from the wheel"
diff "$work/expected" "$work/placed" || fail "the plan or its outputs are others in the bare root"
inside -m allot /there/mlp.onnx --target=cpu-gpu -o /there/out >"$work/log" || fail "the program does not run in the bare root"
[ -s "$root/there/out/manifest.json" ] || fail "the program wrote nothing"
inside -m allot make-model --list >"$work/log" || fail "allot make-model does not run in the bare root"
grep -q '^googlenet ' "$work/log" || fail "allot make-model says: $(cat "$work/log")"
for program in allot-opt allot-solve; do
  inside -c "import sys; from allot import programs; sys.argv[1:] = ['--version']; programs.${program/-/_}()" >"$work/log" ||
    fail "$program does not run in the bare root"
  grep -q version "$work/log" || fail "$program says: $(cat "$work/log")"
done

# --- what `allot run` and the like start, with a Python that has ONNX Runtime ---
for script in run profile target tune view; do
  ALLOT_PYTHON=$python "$site/allot/bin/allot" "$script" --help >"$work/log" || fail "allot $script does not start"
  grep -q "^usage: allot.$script" "$work/log" || fail "allot $script says: $(head -n 3 "$work/log")"
done
ALLOT_PYTHON=$work/no-such-python "$site/allot/bin/allot" view --help 2>"$work/log" && fail "allot view starts without Python"
grep -q "^error: allot-view cannot start: ALLOT_PYTHON is" "$work/log" || fail "without Python, allot view says: $(cat "$work/log")"
[ -s "$site/allot/viewing/page/client.js" ] || fail "the pages of allot view are not in the wheel"
echo "wheel: all well ($(basename "$wheel"), $(du -h "$wheel" | cut -f1))"
