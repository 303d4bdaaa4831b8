// RUN: allot-opt --pass-pipeline=copy-cones{permille=50}
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<64x64xf32> loc("x"), %mask: tensor<1x64xf32> loc("mask")):
    %0 = "onnx.Neg"(%mask) {onnx_node_name = "negate", onnx.outputs = ["n"]} : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %1 = "onnx.Exp"(%0) {onnx_node_name = "exp", onnx.outputs = ["e"]} : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %2 = "onnx.MatMul"(%x, %x) {onnx_node_name = "first", onnx.outputs = ["a"]} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    %3 = "onnx.Mul"(%2, %1) {onnx_node_name = "mask0", onnx.outputs = ["b"]} : (tensor<64x64xf32>, tensor<1x64xf32>) -> tensor<64x64xf32>
    %4 = "onnx.MatMul"(%3, %3) {onnx_node_name = "second", onnx.outputs = ["c"]} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    %5 = "onnx.Mul"(%4, %1) {onnx_node_name = "mask1", onnx.outputs = ["d"]} : (tensor<64x64xf32>, tensor<1x64xf32>) -> tensor<64x64xf32>
    "onnx.Return"(%5) : (tensor<64x64xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
// OUTPUT
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<64x64xf32> loc("x"), %mask: tensor<1x64xf32> loc("mask")):
    %0 = "onnx.Neg"(%mask) {onnx.outputs = ["n"], onnx_node_name = "negate"} : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %1 = "onnx.Exp"(%0) {onnx.outputs = ["e"], onnx_node_name = "exp"} : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %2 = "onnx.MatMul"(%x, %x) {onnx.outputs = ["a"], onnx_node_name = "first"} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    %3 = "onnx.Mul"(%2, %1) {onnx.outputs = ["b"], onnx_node_name = "mask0"} : (tensor<64x64xf32>, tensor<1x64xf32>) -> tensor<64x64xf32>
    %4 = "onnx.MatMul"(%3, %3) {onnx.outputs = ["c"], onnx_node_name = "second"} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    %5 = "onnx.Neg"(%mask) {onnx.outputs = ["n_copy1"], onnx_node_name = "negate_copy1"} : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %6 = "onnx.Exp"(%5) {onnx.outputs = ["e_copy1"], onnx_node_name = "exp_copy1"} : (tensor<1x64xf32>) -> tensor<1x64xf32>
    %7 = "onnx.Mul"(%4, %6) {onnx.outputs = ["d"], onnx_node_name = "mask1"} : (tensor<64x64xf32>, tensor<1x64xf32>) -> tensor<64x64xf32>
    "onnx.Return"(%7) : (tensor<64x64xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()

