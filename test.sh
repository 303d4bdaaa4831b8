#!/usr/bin/env bash
# Installs what is needed, builds Allot in three configurations and runs all tests; unit tests under the sanitizers only,
# whose builds take long enough.
set -euo pipefail
cd "$(dirname "$0")"

step() { printf '\n== %s ==\n' "$*"; }

step "packages"
bash .ci/install.sh test
python/install_runtime.sh
.ci/python_packages.sh bench/onnx_suite/requirements.txt build/onnx-venv
.ci/python_packages.sh tests/interop/iree/requirements.txt build/iree-venv
# Who has no wheels for this machine is left out of docs/consumers.md's test, and nothing else.
for environment in requirements=consumers-venv webgpu=webgpu-venv; do
  .ci/python_packages.sh "tests/interop/consumers/${environment%=*}.txt" "build/${environment#*=}" ||
    echo "left out: what needs ${environment#*=}"
done

.ci/python_packages.sh tests/hosts/ray_requirements.txt build/ray-venv || echo "left out: what needs ray-venv"

step "format"
git ls-files '*.h' '*.cc' | xargs clang-format --dry-run --Werror

step "release: build"
cmake --preset release -DALLOT_TESTS=ON -DALLOT_UNIT_TESTS=OFF >/dev/null
cmake --build build

step "without GLPK: build"
cmake --preset no-glpk -DALLOT_TESTS=ON -DALLOT_UNIT_TESTS=OFF >/dev/null
cmake --build build-no-glpk

step "AddressSanitizer and UndefinedBehaviorSanitizer: build"
cmake --preset debug -DALLOT_TESTS=ON >/dev/null
cmake --build build-debug

step "release: tests"
ctest --test-dir build --output-on-failure -j 2
step "without GLPK: tests"
ctest --test-dir build-no-glpk --output-on-failure -j 2 -R 'placement|out_of_tree|packages|python_wheel'
step "sanitizers: tests"
ctest --test-dir build-debug --output-on-failure -j 2 -LE 'slow|browser'
