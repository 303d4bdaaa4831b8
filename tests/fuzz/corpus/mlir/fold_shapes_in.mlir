// The shape is known from the type alone.
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<4x6xf32> loc("x")):
    %0 = "onnx.Shape"(%x) {onnx.outputs = ["shape"]} : (tensor<4x6xf32>) -> tensor<2xi64>
    %1 = "onnx.ReduceProd"(%0) {onnx.outputs = ["count"]} : (tensor<2xi64>) -> tensor<1xi64>
    %2 = "onnx.Reshape"(%x, %1) {onnx.outputs = ["y"]} : (tensor<4x6xf32>, tensor<1xi64>) -> tensor<24xf32>
    "onnx.Return"(%2) : (tensor<24xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
