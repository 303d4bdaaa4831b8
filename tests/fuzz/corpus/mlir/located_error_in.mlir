// The node has no name: the place in the text says which.
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<3x4xf32> loc("x"), %y: tensor<5x6xf32> loc("y")):
    %0 = "onnx.MatMul"(%x, %x) {onnx.outputs = ["a"]} : (tensor<3x4xf32>, tensor<3x4xf32>) -> !onnx.unknown
    "onnx.Return"(%0) : (!onnx.unknown) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
// STDERR
// <stdin>:5:5: error: pass 'infer-shapes': 'onnx.MatMul' op #5 on (float32[3, 4], float32[3, 4]): inner dimensions 4 and 3 differ
//     %0 = "onnx.MatMul"(%x, %x) {onnx.outputs = ["a"]} : (tensor<3x4xf32>, tensor<3x4xf32>) -> !onnx.unknown
//     ^
// <stdin>:5:5: note: see current operation: %0 = "onnx.MatMul"(%x, %x) {onnx.outputs = ["a"]} : (tensor<3x4xf32>, tensor<3x4xf32>) -> !onnx.unknown
// [fails]
