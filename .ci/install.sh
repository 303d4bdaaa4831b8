#!/usr/bin/env bash
# Installs what a bare Debian 12 lacks. Argument: build (compiler and libraries; the default), test (also what the tests
# run against), bench (what building and running the benchmarks needs), run (only what running parts needs). Does nothing
# for packages that are there.
set -euo pipefail
cd "$(dirname "$0")/.."

build=(g++ cmake ninja-build ccache libonnx-dev libprotobuf-dev protobuf-compiler libabsl-dev libglpk-dev
       libssl-dev libre2-dev zlib1g-dev nlohmann-json3-dev)
test=(libgtest-dev libgmock-dev pkg-config dpkg-dev lintian python3 python3-venv clang-format mlir-19-tools libmlir-19-dev
      llvm-19-dev llvm-19-tools ca-certificates chromium openmpi-bin iproute2)
bench=(libbenchmark-dev libgtest-dev libgmock-dev python3)

# Any Python of version 3.9 or later that can make virtual environments runs parts, wherever it comes from.
run=()
python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null || run+=(python3 python3-venv)
command -v node >/dev/null || run+=(nodejs)
command -v npm >/dev/null || run+=(npm)

# npm fetches the layout library of the report's page, once; Debian's package of it drags in hundreds of others.
library=lowering/emitters/report/layout_library
[ -e "$library/node_modules/@dagrejs/dagre" ] || build+=("${run[@]}")
from_npm=()
install_from_npm() {
  local folder
  for folder in "${from_npm[@]}"; do .ci/install_npm.sh "$folder"; done
}

case "${1:-build}" in
  build) packages=("${build[@]}"); from_npm=("$library") ;;
  test) packages=("${build[@]}" "${test[@]}" "${run[@]}"); from_npm=("$library" tests/browser) ;;
  bench) packages=("${build[@]}" "${bench[@]}"); from_npm=("$library") ;;
  run) packages=("${run[@]}") ;;
  *) echo "error: '$1': expected build, test, bench or run" >&2; exit 1 ;;
esac

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  install_from_npm
  exit 0
fi

echo "installing ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "error: installing packages needs root: run as root or install sudo" >&2; exit 1; }
  as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ "${as_root[@]}" apt-get update -qq &&
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
  { tail -n 20 "$log" >&2; echo "error: the packages could not be installed" >&2; exit 1; }
install_from_npm
