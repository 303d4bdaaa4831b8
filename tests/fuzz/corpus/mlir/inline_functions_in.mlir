// Functions within functions, attributes that refer to the call's, a branch that uses a value of the
// function's: each copy has names of its own, and the result keeps that of the call.
"builtin.module"() ({
  "onnx.function"() <{domain = "local", name = "F"}> ({
  ^bb0(%a: !onnx.unknown loc("a"), %c: !onnx.unknown loc("c")):
    %0 = "onnx.local.G"(%a) {alpha = #onnx.ref<"slope", 1>, onnx.outputs = ["t"], onnx_node_name = "g0"} : (!onnx.unknown) -> !onnx.unknown
    %1 = "onnx.If"(%c) ({
      %3 = "onnx.Neg"(%0) {onnx.outputs = ["t2"]} : (!onnx.unknown) -> !onnx.unknown
      "onnx.Yield"(%3) {name = "th"} : (!onnx.unknown) -> ()
    }, {
      %4 = "onnx.Abs"(%0) {onnx.outputs = ["t3"]} : (!onnx.unknown) -> !onnx.unknown
      "onnx.Yield"(%4) {name = "el"} : (!onnx.unknown) -> ()
    }) {else_branch = #onnx.region<1>, onnx.outputs = ["u"], onnx_node_name = "if1", then_branch = #onnx.region<0>} : (!onnx.unknown) -> !onnx.unknown
    %2 = "onnx.local.G"(%1) {alpha = 0.5 : f32, onnx.outputs = ["r"], onnx_node_name = "g2"} : (!onnx.unknown) -> !onnx.unknown
    "onnx.Return"(%2) : (!onnx.unknown) -> ()
  }) {attributes = ["slope"], opset = {ai.onnx = 17 : i64, local = 1 : i64}} : () -> ()
  "onnx.function"() <{domain = "local", name = "G"}> ({
  ^bb0(%v: !onnx.unknown loc("v")):
    %0 = "onnx.LeakyRelu"(%v) {alpha = #onnx.ref<"alpha", 1>, onnx.outputs = ["w"], onnx_node_name = "leakyrelu0"} : (!onnx.unknown) -> !onnx.unknown
    "onnx.Return"(%0) : (!onnx.unknown) -> ()
  }) {attributes = ["alpha"], opset = {ai.onnx = 17 : i64}} : () -> ()
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<4xf32> loc("x"), %c: tensor<i1> loc("c")):
    %0 = "onnx.local.F"(%x, %c) {onnx.outputs = ["y"], onnx_node_name = "call", slope = 2.0 : f32} : (tensor<4xf32>, tensor<i1>) -> tensor<4xf32>
    "onnx.Return"(%0) : (tensor<4xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64, local = 1 : i64}} : () -> ()
}) : () -> ()

