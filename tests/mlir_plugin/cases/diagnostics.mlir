// What is wrong is said at the operation, and the program ends with status 1.
// RUN: mlir-opt --allow-unregistered-dialect %s --split-input-file --verify-diagnostics \
// RUN:   --pass-pipeline='builtin.module(allot-place{target=cpu-gpu})'
// RUN: not mlir-opt --allow-unregistered-dialect %s --split-input-file \
// RUN:   --pass-pipeline='builtin.module(allot-place{target=cpu-gpu})'

"onnx.graph"() <{sym_name = "main"}> ({
^bb0(%x: tensor<4xf32>):
  // expected-error@+1 {{there is no attribute 'onnx.wrong'}}
  %0 = "onnx.Relu"(%x) {onnx.wrong = 1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  "onnx.Return"(%0) : (tensor<4xf32>) -> ()
}) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()

// -----

"onnx.graph"() <{sym_name = "main"}> ({
^bb0(%x: tensor<4xf32>, %y: tensor<5xf32>):
  // expected-error@+1 {{'onnx.MatMul' op "product" on (float32[4], float32[5]): inner dimensions 4 and 5 differ}}
  %0 = "onnx.MatMul"(%x, %y) {onnx_node_name = "product", onnx.outputs = ["a"]} : (tensor<4xf32>, tensor<5xf32>) -> tensor<f32>
  "onnx.Return"(%0) : (tensor<f32>) -> ()
}) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()

// -----

// expected-error@+1 {{there is no model}}
module {
}
