// The branch that the input takes stands in the place of its If, and one inside it too; an If on
// another input stays, with a known one in it folded.
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<4xf32> loc("x"), %flag: tensor<1xi1> loc("flag"), %other: tensor<i1> loc("other")):
    %0 = "onnx.Relu"(%x) {onnx.outputs = ["a"], onnx_node_name = "relu"} : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "onnx.Not"(%flag) {onnx.outputs = ["off"], onnx_node_name = "not"} : (tensor<1xi1>) -> tensor<1xi1>
    %2 = "onnx.If"(%flag) ({
      %5 = "onnx.Neg"(%0) {onnx.outputs = ["b"], onnx_node_name = "neg"} : (tensor<4xf32>) -> tensor<4xf32>
      %6 = "onnx.If"(%1) ({
        %8 = "onnx.Abs"(%5) {onnx.outputs = ["c"], onnx_node_name = "abs"} : (tensor<4xf32>) -> tensor<4xf32>
        "onnx.Yield"(%8) {name = "t"} : (tensor<4xf32>) -> ()
      }, {
        %9 = "onnx.Exp"(%5) {onnx.outputs = ["c"], onnx_node_name = "abs"} : (tensor<4xf32>) -> tensor<4xf32>
        "onnx.Yield"(%9) {name = "e"} : (tensor<4xf32>) -> ()
      }) {else_branch = #onnx.region<1>, onnx.outputs = ["d"], onnx_node_name = "inner", then_branch = #onnx.region<0>} : (tensor<1xi1>) -> tensor<4xf32>
      "onnx.Yield"(%6) {name = "t"} : (tensor<4xf32>) -> ()
    }, {
      "onnx.Yield"(%0) {name = "e"} : (tensor<4xf32>) -> ()
    }) {else_branch = #onnx.region<1>, onnx.outputs = ["y"], onnx_node_name = "if", then_branch = #onnx.region<0>} : (tensor<1xi1>) -> tensor<4xf32>
    %3 = "onnx.If"(%1) ({
      %10 = "onnx.Neg"(%0) {onnx.outputs = ["b2"], onnx_node_name = "neg2"} : (tensor<4xf32>) -> tensor<4xf32>
      "onnx.Yield"(%10) {name = "t"} : (tensor<4xf32>) -> ()
    }, {
      "onnx.Yield"(%0) {name = "e"} : (tensor<4xf32>) -> ()
    }) {else_branch = #onnx.region<1>, onnx.outputs = ["same"], onnx_node_name = "passes_on", then_branch = #onnx.region<0>} : (tensor<1xi1>) -> tensor<4xf32>
    %4 = "onnx.If"(%other) ({
      %11 = "onnx.If"(%flag) ({
        %12 = "onnx.Neg"(%0) {onnx.outputs = ["b3"], onnx_node_name = "neg3"} : (tensor<4xf32>) -> tensor<4xf32>
        "onnx.Yield"(%12) {name = "t"} : (tensor<4xf32>) -> ()
      }, {
        "onnx.Yield"(%0) {name = "e"} : (tensor<4xf32>) -> ()
      }) {else_branch = #onnx.region<1>, onnx.outputs = ["f"], onnx_node_name = "known", then_branch = #onnx.region<0>} : (tensor<1xi1>) -> tensor<4xf32>
      "onnx.Yield"(%11) {name = "t"} : (tensor<4xf32>) -> ()
    }, {
      "onnx.Yield"(%0) {name = "e"} : (tensor<4xf32>) -> ()
    }) {else_branch = #onnx.region<1>, onnx.outputs = ["z"], onnx_node_name = "open", then_branch = #onnx.region<0>} : (tensor<i1>) -> tensor<4xf32>
    "onnx.Return"(%2, %3, %4) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
