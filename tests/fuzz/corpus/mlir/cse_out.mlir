"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<4x4xf32> loc("x")):
    %0 = "onnx.MatMul"(%x, %x) {onnx.outputs = ["a"]} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %1 = "onnx.RandomNormalLike"(%0) {onnx.outputs = ["r"]} : (tensor<4x4xf32>) -> tensor<4x4xf32>
    %2 = "onnx.RandomNormalLike"(%0) {onnx.outputs = ["s"]} : (tensor<4x4xf32>) -> tensor<4x4xf32>
    %3 = "onnx.Sum"(%0, %0, %1, %2) {onnx.outputs = ["y"]} : (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    "onnx.Return"(%3) : (tensor<4x4xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()

