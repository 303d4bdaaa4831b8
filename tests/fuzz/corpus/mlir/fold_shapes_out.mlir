"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<4x6xf32> loc("x")):
    %0 = "onnx.Constant"() {onnx.outputs = ["count"], value = dense_resource<blob0> : tensor<1xi64>} : () -> tensor<1xi64>
    %1 = "onnx.Reshape"(%x, %0) {onnx.outputs = ["y"]} : (tensor<4x6xf32>, tensor<1xi64>) -> tensor<24xf32>
    "onnx.Return"(%1) : (tensor<24xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()

{-#
  dialect_resources: {
    builtin: {
      blob0: "0x080000001800000000000000"
    }
  }
#-}

