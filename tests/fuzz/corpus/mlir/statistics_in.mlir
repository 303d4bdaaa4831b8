"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<4xf32> loc("x")):
    %0 = "onnx.Relu"(%x) {onnx.outputs = ["a"], onnx_node_name = "one"} : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "onnx.Relu"(%x) {onnx.outputs = ["b"], onnx_node_name = "two"} : (tensor<4xf32>) -> tensor<4xf32>
    %2 = "onnx.Add"(%0, %1) {onnx.outputs = ["c"], onnx_node_name = "sum"} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    "onnx.Return"(%2) : (tensor<4xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
