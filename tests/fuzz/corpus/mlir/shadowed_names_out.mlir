"builtin.module"() ({
  "onnx.graph"() <{sym_name = "g"}> ({
  ^bb0(%inp: tensor<4x4xf32> loc("inp")):
    %trip = "onnx.Initializer"() {onnx.outputs = ["trip"], value = dense_resource<blob0> : tensor<i64>} : () -> tensor<i64>
    %true = "onnx.Initializer"() {onnx.outputs = ["true"], value = dense_resource<blob1> : tensor<i1>} : () -> tensor<i1>
    %0 = "onnx.Relu"(%inp) {onnx.outputs = ["b"], onnx_node_name = "r"} : (tensor<4x4xf32>) -> tensor<4x4xf32>
    %1 = "onnx.Loop"(%trip, %true, %0) ({
    ^bb0(%i: tensor<i64> loc("i"), %cin: tensor<i1> loc("cin"), %b_1: tensor<4x4xf32> loc("b_1")):
      %3 = "onnx.Neg"(%b_1) {onnx.outputs = ["t"], onnx_node_name = "t_n"} : (tensor<4x4xf32>) -> tensor<4x4xf32>
      %4 = "onnx.Add"(%3, %0) {onnx.outputs = ["c_out"], onnx_node_name = "c_out_n"} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
      %5 = "onnx.Identity"(%cin) {onnx.outputs = ["cout"], onnx_node_name = "cout_n"} : (tensor<i1>) -> tensor<i1>
      "onnx.Yield"(%5, %4) {name = "g"} : (tensor<i1>, tensor<4x4xf32>) -> ()
    }) {body = #onnx.region<0>, onnx.outputs = ["bl"], onnx_node_name = "loop"} : (tensor<i64>, tensor<i1>, tensor<4x4xf32>) -> tensor<4x4xf32>
    %2 = "onnx.Add"(%1, %0) {onnx.outputs = ["y"], onnx_node_name = "add"} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    "onnx.Return"(%2) : (tensor<4x4xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()

{-#
  dialect_resources: {
    builtin: {
      blob0: "0x080000000200000000000000",
      blob1: "0x0100000001"
    }
  }
#-}

