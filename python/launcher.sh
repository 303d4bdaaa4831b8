#!/bin/sh
# allot-run and the like: starts the program of that name out of the package beside this file, in a Python that has ONNX Runtime.
# It lies in a folder of the package `allot` and is linked to, or, in a wheel, is copied into allot/bin.
# ALLOT_PYTHON in the environment: the Python to take.
# Where a standard stream is closed, a file or pipe of ours would take its place and get what is printed: there it fails instead.
{ true 3<&0; } 2>/dev/null || exec 0>/dev/null
{ true 3>&1; } 2>/dev/null || exec 1</dev/null
true 3>&2 || exec 2</dev/null
called=$0
name=${called##*/} beside=${called%/*}
self=$(readlink -f "$called")
root=${self%/*}
case $root in */allot/bin) root=${root%/allot/bin} ;; esac
fail() { echo "error: $name cannot start: $*" >&2; exit 1; }
case $name in allot-*) ;; *) fail "a link to it must be called as the program is, allot-run for one" ;; esac

has_runtime() {
  "$1" -c 'import importlib.util, sys; sys.exit(sys.version_info < (3, 9) or not importlib.util.find_spec("onnxruntime"))' 2>/dev/null
}
is_new_enough() { [ "$("$1" -c 'import sys; print(sys.version_info >= (3, 9))' 2>/dev/null)" = True ]; }

remedy="$root/install_runtime.sh makes one with ONNX Runtime, or ALLOT_PYTHON names yours (pip install onnxruntime)"
[ -f "$root/install_runtime.sh" ] || remedy="pip install onnxruntime"
python=
if [ -n "$ALLOT_PYTHON" ]; then
  python=$ALLOT_PYTHON
  is_new_enough "$python" || fail "ALLOT_PYTHON is '$python', which is no Python 3.9 or later"
elif [ -x "$root/venv/bin/python" ]; then
  python=$root/venv/bin/python
else
  # The interpreter that a wheel is installed for, then whatever is on PATH.
  case $root in */lib/python*/site-packages) candidates="${root%/lib/python*}/bin/python3" ;; *) candidates= ;; esac
  for candidate in $candidates python3; do
    if has_runtime "$candidate"; then python=$candidate; break; fi
  done
  if [ -z "$python" ]; then
    case $name in allot-view|allot-target) is_new_enough python3 && python=python3 ;; esac # they run no model
    [ -n "$python" ] || fail "there is no Python 3.9 or later that has onnxruntime; $remedy"
  fi
fi
export ALLOT="${ALLOT:-$beside/allot}"
# Nothing is taken from the folder that it is called in.
exec "$python" -c 'import sys; root, name = sys.argv[1:3]; sys.argv[:3] = [name]
sys.path[:] = [root, *(path for path in sys.path if path)]
from importlib import import_module; import_module("allot.commands." + name[len("allot-"):]).main()' "$root" "$name" "$@"
