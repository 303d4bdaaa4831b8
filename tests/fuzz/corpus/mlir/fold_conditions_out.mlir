"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<4xf32> loc("x"), %other: tensor<i1> loc("other")):
    %flag = "onnx.Initializer"() {onnx.outputs = ["flag"], value = dense_resource<blob0> : tensor<1xi1>} : () -> tensor<1xi1>
    %0 = "onnx.Relu"(%x) {onnx.outputs = ["a"], onnx_node_name = "relu"} : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "onnx.Not"(%flag) {onnx.outputs = ["off"], onnx_node_name = "not"} : (tensor<1xi1>) -> tensor<1xi1>
    %2 = "onnx.Neg"(%0) {onnx.outputs = ["b"], onnx_node_name = "neg"} : (tensor<4xf32>) -> tensor<4xf32>
    %3 = "onnx.Exp"(%2) {onnx.outputs = ["y"], onnx_node_name = "inner/abs"} : (tensor<4xf32>) -> tensor<4xf32>
    %4 = "onnx.Identity"(%0) {onnx.outputs = ["same"]} : (tensor<4xf32>) -> tensor<4xf32>
    %5 = "onnx.If"(%other) ({
      "onnx.Captures"(%flag, %0) : (tensor<1xi1>, tensor<4xf32>) -> ()
      %6 = "onnx.Neg"(%0) {onnx.outputs = ["f"], onnx_node_name = "neg3"} : (tensor<4xf32>) -> tensor<4xf32>
      "onnx.Yield"(%6) {name = "t"} : (tensor<4xf32>) -> ()
    }, {
      "onnx.Yield"(%0) {name = "e"} : (tensor<4xf32>) -> ()
    }) {else_branch = #onnx.region<1>, onnx.outputs = ["z"], onnx_node_name = "open", then_branch = #onnx.region<0>} : (tensor<i1>) -> tensor<4xf32>
    "onnx.Return"(%3, %4, %5) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()

{-#
  dialect_resources: {
    builtin: {
      blob0: "0x0100000001"
    }
  }
#-}

