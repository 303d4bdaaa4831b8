// onnx-mlir's form, as far as mlir-opt reads it: operators in generic spelling.
// RUN: mlir-opt --allow-unregistered-dialect %s --pass-pipeline='builtin.module(allot-place{target=cpu-gpu pin=conv=gpu0,half=cpu0})' | FileCheck %s
// RUN: mlir-opt --allow-unregistered-dialect %s --verify-each \
// RUN:   --pass-pipeline='builtin.module(allot-place{target=cpu-gpu pin=conv=gpu0,half=cpu0},allot-partition)' | FileCheck %s --check-prefix=PARTS

// CHECK: func.func @main_graph(%arg0: tensor<?x3x8x8xf32> {onnx.dim_params = "0:batch", onnx.name = "image"})
// CHECK: "onnx.Constant"() {value = dense<2.500000e-01> : tensor<4x3x3x3xf32>} :
// CHECK: "onnx.Conv"({{.*}}) {device = "gpu0", group = 1 : si64, onnx_node_name = "conv", place.device = "gpu0", place.part = {{[0-9]+}} : i64}
// CHECK: "onnx.Cast"({{.*}}) {device = "cpu0", onnx_node_name = "half", place.device = "cpu0", place.part = {{[0-9]+}} : i64, to = f16}
// CHECK: "onnx.EntryPoint"() {func = @main_graph} : () -> ()

// PARTS: func.func @main_graph(%arg0: tensor<?x3x8x8xf32> {onnx.dim_params = "0:batch", onnx.name = "image", place.device = "gpu0"})
// PARTS: call @main_graph_part
// PARTS: "place.transfer"(%{{.*}}) {from = "gpu0", to = "cpu0"}
// PARTS: call @main_graph_part
// PARTS: "onnx.EntryPoint"() {func = @main_graph} : () -> ()
// PARTS: func.func private @main_graph_part
// PARTS: "onnx.Conv"
module {
  func.func @main_graph(%arg0: tensor<?x3x8x8xf32> {onnx.dim_params = "0:batch", onnx.name = "image"}) -> (tensor<?x4x6x6xf16> {onnx.name = "out"}) {
    %0 = "onnx.Constant"() {value = dense<0.25> : tensor<4x3x3x3xf32>} : () -> tensor<4x3x3x3xf32>
    %1 = "onnx.NoValue"() {value} : () -> none
    %2 = "onnx.Conv"(%arg0, %0, %1) {group = 1 : si64, onnx_node_name = "conv"} : (tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32>, none) -> tensor<?x4x6x6xf32>
    %3 = "onnx.Cast"(%2) {onnx_node_name = "half", to = f16} : (tensor<?x4x6x6xf32>) -> tensor<?x4x6x6xf16>
    return %3 : tensor<?x4x6x6xf16>
  }
  "onnx.EntryPoint"() {func = @main_graph} : () -> ()
}
