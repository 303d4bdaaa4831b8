// RUN: allot-opt --target=mcm-8 --pass-pipeline=infer-shapes,estimate-cost,coarsen,place-chips
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
// STDERR
// <stdin>:1:1: error: pass 'place-chips': a module of chips is a pipeline for a stream; say --objective=throughput
// "builtin.module"() ({
// ^
// [fails]
