// What computes a shape goes along with whoever uses it: IREE knows shapes on the host only.
// RUN: mlir-opt --allow-unregistered-dialect %s --pass-pipeline='builtin.module(allot-partition)' | FileCheck %s
// RUN: mlir-opt --allow-unregistered-dialect %s --pass-pipeline='builtin.module(allot-partition{outline=false})' \
// RUN:   | FileCheck %s --check-prefix=INLINE

// CHECK-LABEL: func.func @main
// CHECK: %[[A:.*]] = call @main_part0(%arg0)
// CHECK: "flow.tensor.transfer"{{.*}}tensor<?x6xf32>
// CHECK-NOT: "flow.tensor.transfer"{{.*}}i64
// CHECK: call @main_part1(%{{[0-9]+}}) {place.device = "dev_b"}
// CHECK: func.func private @main_part1(%arg0: !torch.vtensor<[?,6],f32>)
// CHECK: <{name = "onnx.Shape"}>
// CHECK: <{name = "onnx.Gather"}>
// CHECK: <{name = "onnx.Reshape"}>

// INLINE: <{name = "onnx.Gather"}>
// INLINE-NOT: tensor<2xi64>
// INLINE: <{name = "onnx.Reshape"}>
module {
  func.func @main(%arg0: !torch.vtensor<[?,6],f32>) -> !torch.vtensor<[?,?],f32> attributes {torch.onnx_meta.opset_version = 17 : si64} {
    %0 = "torch.operator"() <{name = "onnx.Constant"}> {torch.onnx.value = dense<[1, 0]> : tensor<2xsi64>} : () -> !torch.vtensor<[2],si64>
    %1 = "torch.operator"(%arg0) <{name = "onnx.Relu"}> {place.device = "dev_a", place.part = 0 : i64} : (!torch.vtensor<[?,6],f32>) -> !torch.vtensor<[?,6],f32>
    %2 = "torch.operator"(%1) <{name = "onnx.Shape"}> {cost.integer_shape_work, place.device = "dev_a", place.part = 0 : i64} : (!torch.vtensor<[?,6],f32>) -> !torch.vtensor<[2],si64>
    %3 = "torch.operator"(%2, %0) <{name = "onnx.Gather"}> {cost.integer_shape_work, place.device = "dev_a", place.part = 0 : i64} : (!torch.vtensor<[2],si64>, !torch.vtensor<[2],si64>) -> !torch.vtensor<[2],si64>
    %4 = "torch.operator"(%1, %3) <{name = "onnx.Reshape"}> {place.device = "dev_b", place.part = 1 : i64} : (!torch.vtensor<[?,6],f32>, !torch.vtensor<[2],si64>) -> !torch.vtensor<[?,?],f32>
    return %4 : !torch.vtensor<[?,?],f32>
  }
}
