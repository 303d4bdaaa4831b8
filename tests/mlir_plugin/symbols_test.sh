#!/usr/bin/env bash
# What the libraries show and whom they take things from: symbols_test.sh BUILD
set -euo pipefail
build=$1
shown=$(nm -D --defined-only "$build/libAllotMlir.so" | awk '{print $3}')
[ "$shown" = mlirGetPassPluginInfo ] || { echo "libAllotMlir.so shows: $shown"; exit 1; }
if nm -DC -u "$build/libAllotMlir.so" | grep -E 'mlir::|llvm::'; then
  echo "libAllotMlir.so needs something of MLIR, so that it cannot say that a version does not fit"; exit 1
fi
others=$(nm -DC --defined-only "$build/libAllotMlirPasses.so" | awk '{$1=$2=""; print}' | grep -vE '^ *(allot::(RegisterMlirPasses|Create[A-Za-z]*Pass)\(|allotRegisterMlirPasses$)' || true)
[ -z "$others" ] || { echo "libAllotMlirPasses.so shows: $others"; exit 1; }
if readelf -d "$build/libAllotMlirPasses.so" | grep -E 'NEEDED.*lib(MLIR|LLVM)'; then
  echo "libAllotMlirPasses.so brings an MLIR of its own"; exit 1
fi
needed=$(nm -DC -u "$build/libAllotMlirPasses.so" | grep -c 'mlir::' || true)
[ "$needed" -gt 0 ] || { echo "libAllotMlirPasses.so takes nothing from the program"; exit 1; }
