// RUN: not mlir-opt %s --allow-unregistered-dialect --pass-pipeline='builtin.module(allot-place{target=nowhere})' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=TARGET
// RUN: not mlir-opt %s --allow-unregistered-dialect --pass-pipeline='builtin.module(allot-place{objective=speed})' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=OBJECTIVE
// RUN: not mlir-opt %s --allow-unregistered-dialect --pass-pipeline='builtin.module(allot-place{target=cpu-gpu solver=x})' \
// RUN:   2>&1 | FileCheck %s --check-prefix=SOLVER
// RUN: not mlir-opt %s --allow-unregistered-dialect --pass-pipeline='builtin.module(allot-place{tarket=cpu-gpu})' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=OPTION
// RUN: mlir-opt %s --allow-unregistered-dialect --pass-pipeline='builtin.module(allot-place{target=cpu-gpu report=true})' \
// RUN:   -o /dev/null 2>&1 | FileCheck %s --check-prefix=REPORT
// RUN: mlir-opt %s --allow-unregistered-dialect --mlir-timing --mlir-pass-statistics --mlir-print-ir-after-all \
// RUN:   --pass-pipeline='builtin.module(allot-place{target=cpu-gpu})' -o /dev/null 2>&1 | FileCheck %s --check-prefix=LOOK
// RUN: not mlir-opt %s --allow-unregistered-dialect --mlir-pass-pipeline-crash-reproducer=%t.repro.mlir \
// RUN:   --pass-pipeline='builtin.module(allot-place{target=nowhere seed=7})'
// RUN: FileCheck %s --check-prefix=REPRO < %t.repro.mlir
// RUN: not mlir-opt --allow-unregistered-dialect --run-reproducer %t.repro.mlir 2>&1 | FileCheck %s --check-prefix=TARGET

// TARGET: error: target=nowhere: there is no such file and no such built-in target
// OBJECTIVE: error: objective=speed: expected latency or throughput
// SOLVER: error: pass 'place': there is no solver 'x'
// OPTION: no such option tarket
// REPORT: remark: 1 nodes in 1 parts on 1 devices, 0 transfers, predicted latency {{[0-9.]+}} ms
// LOOK: IR Dump After AllotPlace (allot-place)
// LOOK: Pass statistics report
// LOOK: AllotPlace
// REPRO: pipeline: "builtin.module(allot-place{{.*}}seed=7{{.*}}target=nowhere

"onnx.graph"() <{sym_name = "main"}> ({
^bb0(%x: tensor<4xf32>):
  %0 = "onnx.Relu"(%x) {onnx.outputs = ["y"]} : (tensor<4xf32>) -> tensor<4xf32>
  "onnx.Return"(%0) : (tensor<4xf32>) -> ()
}) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
