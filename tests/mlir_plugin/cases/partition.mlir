// RUN: mlir-opt --allow-unregistered-dialect %s --verify-each \
// RUN:   --pass-pipeline='builtin.module(allot-place{target=cpu-gpu pin=left=cpu0,right=gpu0,sum=gpu0},allot-partition)' | FileCheck %s
// RUN: mlir-opt --allow-unregistered-dialect %s --verify-each \
// RUN:   --pass-pipeline='builtin.module(allot-place{target=cpu-gpu pin=left=cpu0,right=gpu0,sum=gpu0},allot-partition{modules=true})' \
// RUN:   | FileCheck %s --check-prefix=MODULES
// RUN: mlir-opt --allow-unregistered-dialect %s --verify-each \
// RUN:   --pass-pipeline='builtin.module(allot-place{target=cpu-gpu pin=left=cpu0,right=gpu0,sum=gpu0},allot-partition{outline=false})' \
// RUN:   | FileCheck %s --check-prefix=INLINE
// The pipeline is both passes.
// RUN: mlir-opt --allow-unregistered-dialect %s --pass-pipeline='builtin.module(allot-default{target=cpu-gpu})' -o %t.default
// RUN: mlir-opt --allow-unregistered-dialect %s --pass-pipeline='builtin.module(allot-place{target=cpu-gpu},allot-partition)' -o %t.both
// RUN: cmp %t.default %t.both
// RUN: not mlir-opt --allow-unregistered-dialect %s --pass-pipeline='builtin.module(allot-partition)' 2>&1 \
// RUN:   | FileCheck %s --check-prefix=UNPLACED

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<512x512xf32> {place.device = "cpu0"}) -> (tensor<512x512xf32> {place.device = "gpu0"})
// CHECK-SAME: opset = {ai.onnx = 17 : i64}
// CHECK: %[[LEFT:.*]] = call @main_part[[#L:]](%[[X]]) {place.device = "cpu0"}
// CHECK: %[[X_THERE:.*]] = "place.transfer"(%[[X]]) {from = "cpu0", to = "gpu0"}
// CHECK: %[[LEFT_THERE:.*]] = "place.transfer"(%[[LEFT]]) {from = "cpu0", to = "gpu0"}
// CHECK: %[[SUM:.*]] = call @main_part[[#R:]](%[[X_THERE]], %[[LEFT_THERE]]) {place.device = "gpu0"}
// CHECK: return %[[SUM]]
// CHECK: func.func private @main_part[[#L]](
// CHECK-SAME: attributes {place.device = "cpu0", place.part = [[#L]] : i64}
// The constant goes along.
// CHECK: "onnx.Initializer"
// CHECK: "onnx.Mul"{{.*}}onnx_node_name = "left"
// CHECK: func.func private @main_part[[#R]](
// CHECK: "onnx.MatMul"{{.*}}onnx_node_name = "right"
// CHECK: "onnx.Add"

// MODULES: "place.call"(%{{.*}}) {callee = @cpu0::@main_part
// MODULES: "place.call"(%{{.*}}) {callee = @gpu0::@main_part
// MODULES: module @cpu0 attributes {place.device = "cpu0"}
// MODULES: "onnx.Mul"
// MODULES: module @gpu0 attributes {place.device = "gpu0"}
// MODULES: "onnx.Add"

// INLINE: "onnx.graph"
// INLINE: %[[LEFT:.*]] = "onnx.Mul"
// INLINE: "place.transfer"
// INLINE: %[[RIGHT:.*]] = "onnx.MatMul"
// INLINE: %[[THERE:.*]] = "place.transfer"(%[[LEFT]])
// INLINE: "onnx.Add"(%[[THERE]], %[[RIGHT]])

// UNPLACED: error: no operation has a place.part: run allot-place first
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<512x512xf32> loc("x")):
    %half = "onnx.Initializer"() {onnx.outputs = ["half"], value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
    %0 = "onnx.Mul"(%x, %half) {onnx.outputs = ["a"], onnx_node_name = "left"} : (tensor<512x512xf32>, tensor<f32>) -> tensor<512x512xf32>
    %1 = "onnx.MatMul"(%x, %x) {onnx.outputs = ["b"], onnx_node_name = "right"} : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
    %2 = "onnx.Add"(%0, %1) {onnx.outputs = ["c"], onnx_node_name = "sum"} : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
    "onnx.Return"(%2) : (tensor<512x512xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
