// Modules of their own are placed side by side, by as many threads as MLIR has, and always the same.
// RUN: mlir-opt --allow-unregistered-dialect %s --pass-pipeline='builtin.module(builtin.module(allot-place{target=cpu-gpu}))' -o %t.many
// RUN: mlir-opt --allow-unregistered-dialect %s --mlir-disable-threading \
// RUN:   --pass-pipeline='builtin.module(builtin.module(allot-place{target=cpu-gpu}))' -o %t.one
// RUN: cmp %t.many %t.one
// RUN: FileCheck %s < %t.many

// CHECK-COUNT-4: place.device
module {
  module {
    "onnx.graph"() <{sym_name = "a"}> ({
    ^bb0(%x: tensor<64x64xf32>):
      %0 = "onnx.MatMul"(%x, %x) {onnx.outputs = ["y"]} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
      "onnx.Return"(%0) : (tensor<64x64xf32>) -> ()
    }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
  }
  module {
    "onnx.graph"() <{sym_name = "b"}> ({
    ^bb0(%x: tensor<64x64xf32>):
      %0 = "onnx.Relu"(%x) {onnx.outputs = ["y"]} : (tensor<64x64xf32>) -> tensor<64x64xf32>
      "onnx.Return"(%0) : (tensor<64x64xf32>) -> ()
    }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
  }
  module {
    "onnx.graph"() <{sym_name = "c"}> ({
    ^bb0(%x: tensor<64x64xf32>):
      %0 = "onnx.Add"(%x, %x) {onnx.outputs = ["y"]} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
      "onnx.Return"(%0) : (tensor<64x64xf32>) -> ()
    }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
  }
  module {
    "onnx.graph"() <{sym_name = "d"}> ({
    ^bb0(%x: tensor<64x64xf32>):
      %0 = "onnx.Exp"(%x) {onnx.outputs = ["y"]} : (tensor<64x64xf32>) -> tensor<64x64xf32>
      "onnx.Return"(%0) : (tensor<64x64xf32>) -> ()
    }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
  }
}
