#!/usr/bin/env bash
# The application of --emit=ray-serve on two hosts: network namespaces with a link of 1 Gbit/s between them, in namespaces of
# their own, so that nothing outlives the test and nothing outside can be reached. Arguments: the build folder, the Python
# that has Ray (.ci/python_packages.sh tests/hosts/ray_requirements.txt build/ray-venv). Status 77: this cannot be had here.
set -euo pipefail
build=$(realpath "$1") python=$2
here=$(realpath "$(dirname "$0")")
skip() { echo "skipped: $*"; exit 77; }
"$python" -c 'import ray.serve, onnxruntime' 2>/dev/null || skip "$python has no Ray Serve"
[ "$(id -u)" = 0 ] || skip "making network namespaces needs root"
for program in ip tc unshare; do command -v "$program" >/dev/null || skip "there is no program '$program' (iproute2, util-linux)"; done
unshare --net --pid --mount --fork --mount-proc --kill-child true 2>/dev/null || skip "this machine makes no namespaces"
exec unshare --net --pid --mount --fork --mount-proc --kill-child bash "$here/two_hosts.sh" "$python" -B "$here/ray_serve_test.py" "$build"
