"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<4xf32> loc("x"), %c: tensor<i1> loc("c")):
    %0 = "onnx.LeakyRelu"(%x) {alpha = 2.0 : f32, onnx.outputs = ["call/t"], onnx_node_name = "call/g0/leakyrelu0"} : (tensor<4xf32>) -> !onnx.unknown
    %1 = "onnx.If"(%c) ({
      %3 = "onnx.Neg"(%0) {onnx.outputs = ["call/t2"]} : (!onnx.unknown) -> !onnx.unknown
      "onnx.Yield"(%3) {name = "th"} : (!onnx.unknown) -> ()
    }, {
      %4 = "onnx.Abs"(%0) {onnx.outputs = ["call/t3"]} : (!onnx.unknown) -> !onnx.unknown
      "onnx.Yield"(%4) {name = "el"} : (!onnx.unknown) -> ()
    }) {else_branch = #onnx.region<1>, onnx.outputs = ["call/u"], onnx_node_name = "call/if1", then_branch = #onnx.region<0>} : (tensor<i1>) -> !onnx.unknown
    %2 = "onnx.LeakyRelu"(%1) {alpha = 0.5 : f32, onnx.outputs = ["y"], onnx_node_name = "call/g2/leakyrelu0"} : (!onnx.unknown) -> tensor<4xf32>
    "onnx.Return"(%2) : (tensor<4xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64, local = 1 : i64}} : () -> ()
}) : () -> ()

