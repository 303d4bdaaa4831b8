// Nothing reads "unused" or what it is made of; the second result of Split is needed.
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<4x8xf32> loc("x")):
    %0 = "onnx.Relu"(%x) {onnx.outputs = ["kept"]} : (tensor<4x8xf32>) -> tensor<4x8xf32>
    %1 = "onnx.Exp"(%x) {onnx.outputs = ["lost"]} : (tensor<4x8xf32>) -> tensor<4x8xf32>
    %2 = "onnx.Neg"(%1) {onnx.outputs = ["unused"]} : (tensor<4x8xf32>) -> tensor<4x8xf32>
    %3:2 = "onnx.Split"(%0) {axis = 0 : si64, onnx.outputs = ["first", "second"]} : (tensor<4x8xf32>) -> (tensor<2x8xf32>, tensor<2x8xf32>)
    "onnx.Return"(%3#1) : (tensor<2x8xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
