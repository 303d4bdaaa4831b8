// RUN: mlir-opt --allow-unregistered-dialect %s --verify-each \
// RUN:   --pass-pipeline='builtin.module(allot-place{target=cpu-gpu pin=left=cpu0,right=gpu0})' | FileCheck %s
// What the text then says of the plan is what allot-opt says of it.
// RUN: mlir-opt --allow-unregistered-dialect %s --mlir-print-debuginfo \
// RUN:   --pass-pipeline='builtin.module(allot-place{target=cpu-gpu})' | allot-opt --target=cpu-gpu -o %t.ours
// RUN: allot-opt %s --target=cpu-gpu --place-default -o %t.expected
// RUN: cmp %t.ours %t.expected
// Placing again replaces a plan.
// RUN: mlir-opt --allow-unregistered-dialect %s --mlir-print-debuginfo \
// RUN:   --pass-pipeline='builtin.module(allot-place{target=cpu-gpu pin=sum=cpu0},allot-place{target=cpu-gpu})' \
// RUN:   | allot-opt --target=cpu-gpu -o %t.again
// RUN: cmp %t.again %t.expected

// CHECK: "onnx.MatMul"{{.*}}onnx_node_name = "left"{{.*}}place.device = "cpu0"
// CHECK: "onnx.MatMul"{{.*}}onnx_node_name = "right"{{.*}}place.device = "gpu0"
// CHECK: "onnx.Add"{{.*}}place.device = "{{[a-z]+}}0"
// CHECK: "onnx.Return"
// CHECK: place.summary = {
// CHECK-SAME: value_ps =
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<512x512xf32> loc("x")):
    %0 = "onnx.MatMul"(%x, %x) {onnx.outputs = ["a"], onnx_node_name = "left"} : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
    %1 = "onnx.MatMul"(%x, %x) {onnx.outputs = ["b"], onnx_node_name = "right"} : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
    %2 = "onnx.Add"(%0, %1) {onnx.outputs = ["c"], onnx_node_name = "sum"} : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
    "onnx.Return"(%2) : (tensor<512x512xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
