// RUN: allot-opt --pass-pipeline=copy-cones{permille=1000}
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%ids: tensor<1x4xi64> loc("ids"), %mask: tensor<1x4x4xf32> loc("mask")):
    %table = "onnx.Initializer"() {onnx.outputs = ["table"], value = dense<0.5> : tensor<20x4xf32>} : () -> tensor<20x4xf32>
    %0 = "onnx.Gather"(%table, %ids) {onnx_node_name = "words", onnx.outputs = ["w"]} : (tensor<20x4xf32>, tensor<1x4xi64>) -> tensor<1x4x4xf32>
    %1 = "onnx.Neg"(%mask) {onnx_node_name = "negate", onnx.outputs = ["n"]} : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
    %2 = "onnx.Mul"(%0, %1) {onnx_node_name = "first", onnx.outputs = ["a"]} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
    %3 = "onnx.Exp"(%2) {onnx_node_name = "exp", onnx.outputs = ["b"]} : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
    %4 = "onnx.Add"(%3, %0) {onnx_node_name = "second", onnx.outputs = ["c"]} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
    %5 = "onnx.Mul"(%4, %1) {onnx_node_name = "third", onnx.outputs = ["d"]} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
    "onnx.Return"(%5) : (tensor<1x4x4xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
// OUTPUT
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%ids: tensor<1x4xi64> loc("ids"), %mask: tensor<1x4x4xf32> loc("mask")):
    %table = "onnx.Initializer"() {onnx.outputs = ["table"], value = dense_resource<blob0> : tensor<20x4xf32>} : () -> tensor<20x4xf32>
    %0 = "onnx.Gather"(%table, %ids) {onnx.outputs = ["w"], onnx_node_name = "words"} : (tensor<20x4xf32>, tensor<1x4xi64>) -> tensor<1x4x4xf32>
    %1 = "onnx.Neg"(%mask) {onnx.outputs = ["n"], onnx_node_name = "negate"} : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
    %2 = "onnx.Mul"(%0, %1) {onnx.outputs = ["a"], onnx_node_name = "first"} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
    %3 = "onnx.Exp"(%2) {onnx.outputs = ["b"], onnx_node_name = "exp"} : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
    %4 = "onnx.Add"(%3, %0) {onnx.outputs = ["c"], onnx_node_name = "second"} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
    %5 = "onnx.Neg"(%mask) {onnx.outputs = ["n_copy1"], onnx_node_name = "negate_copy1"} : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
    %6 = "onnx.Mul"(%4, %5) {onnx.outputs = ["d"], onnx_node_name = "third"} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
    "onnx.Return"(%6) : (tensor<1x4x4xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()

{-#
  dialect_resources: {
    builtin: {
      blob0: "0x040000000000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f0000003f"
    }
  }
#-}

