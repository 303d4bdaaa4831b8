// Bodies may name their own values as the graph around them does; what comes to be seen inside under
// such a name makes them take another.
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "g"}> ({
  ^bb0(%inp: tensor<4x4xf32> loc("inp")):
    %trip = "onnx.Initializer"() {onnx.outputs = ["trip"], value = dense_resource<blob0> : tensor<i64>} : () -> tensor<i64>
    %true = "onnx.Initializer"() {onnx.outputs = ["true"], value = dense_resource<blob1> : tensor<i1>} : () -> tensor<i1>
    %0 = "onnx.Relu"(%inp) {onnx.outputs = ["b"], onnx_node_name = "r"} : (tensor<4x4xf32>) -> !onnx.unknown
    %1 = "onnx.Identity"(%0) {onnx.outputs = ["i1"], onnx_node_name = "id1"} : (!onnx.unknown) -> !onnx.unknown
    %2 = "onnx.Loop"(%trip, %true, %1) ({
    ^bb0(%i: tensor<i64> loc("i"), %cin: tensor<i1> loc("cin"), %b: tensor<4x4xf32> loc("b")):
      %4 = "onnx.Neg"(%b) {onnx.outputs = ["t"], onnx_node_name = "t_n"} : (tensor<4x4xf32>) -> !onnx.unknown
      %5 = "onnx.Add"(%4, %1) {onnx.outputs = ["c_out"], onnx_node_name = "c_out_n"} : (!onnx.unknown, !onnx.unknown) -> tensor<4x4xf32>
      %6 = "onnx.Identity"(%cin) {onnx.outputs = ["cout"], onnx_node_name = "cout_n"} : (tensor<i1>) -> tensor<i1>
      "onnx.Yield"(%6, %5) {name = "g"} : (tensor<i1>, tensor<4x4xf32>) -> ()
    }) {body = #onnx.region<0>, onnx.outputs = ["bl"], onnx_node_name = "loop"} : (tensor<i64>, tensor<i1>, !onnx.unknown) -> !onnx.unknown
    %3 = "onnx.Add"(%2, %1) {onnx.outputs = ["y"], onnx_node_name = "add"} : (!onnx.unknown, !onnx.unknown) -> tensor<4x4xf32>
    "onnx.Return"(%3) : (tensor<4x4xf32>) -> ()
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

