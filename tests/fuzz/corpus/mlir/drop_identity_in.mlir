// The identity in the middle goes; the one that names the output stays.
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<4xf32> loc("x")):
    %0 = "onnx.Relu"(%x) {onnx.outputs = ["a"]} : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "onnx.Identity"(%0) {onnx.outputs = ["b"]} : (tensor<4xf32>) -> tensor<4xf32>
    %2 = "onnx.Tanh"(%1) {onnx.outputs = ["c"]} : (tensor<4xf32>) -> tensor<4xf32>
    %3 = "onnx.Identity"(%x) {onnx.outputs = ["y"]} : (tensor<4xf32>) -> tensor<4xf32>
    "onnx.Return"(%2, %3) : (tensor<4xf32>, tensor<4xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
