"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<4x8xf32> loc("x")):
    %0 = "onnx.Relu"(%x) {onnx.outputs = ["kept"]} : (tensor<4x8xf32>) -> tensor<4x8xf32>
    %1:2 = "onnx.Split"(%0) {axis = 0 : si64, onnx.outputs = ["first", "second"]} : (tensor<4x8xf32>) -> (tensor<2x8xf32>, tensor<2x8xf32>)
    "onnx.Return"(%1#1) : (tensor<2x8xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()

