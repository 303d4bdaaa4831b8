// torch-mlir's form, in MLIR's generic spelling, as mlir-opt reads it where torch is no dialect.
// RUN: mlir-opt --allow-unregistered-dialect %s --pass-pipeline='builtin.module(allot-place{target=cpu-gpu work=1000000})' | FileCheck %s
// RUN: mlir-opt --allow-unregistered-dialect %s --pass-pipeline='builtin.module(allot-place{target=cpu-gpu words=own})' \
// RUN:   | FileCheck %s --check-prefix=OWN
// RUN: mlir-opt --allow-unregistered-dialect %s --pass-pipeline='builtin.module(allot-place{target=cpu-gpu words=users})' \
// RUN:   | FileCheck %s --check-prefix=USERS
// RUN: mlir-opt --allow-unregistered-dialect %s --verify-each \
// RUN:   --pass-pipeline='builtin.module(allot-place{target=cpu-gpu pin=first=cpu0,last=gpu0},allot-partition)' \
// RUN:   | FileCheck %s --check-prefix=PARTS

// All but the attributes of the plan is as it was.
// CHECK: func.func @main(%arg0: !torch.vtensor<[?,4],f32>, %arg1: !torch.vtensor<[],i1>)
// CHECK: %[[B:.*]] = "torch.operator"() <{name = "onnx.Constant"}> {torch.onnx.value = dense<{{.*}}> : tensor<4xf32>} : ()
// CHECK: %[[NONE:.*]] = "torch.constant.none"()
// CHECK: "torch.operator"(%arg0, %[[B]]) <{name = "onnx.Add"}> {custom.note = "kept", place.device = "[[D:[a-z]+0]]", place.part = 0 : i64, stream.affinity = #hal.device.promise<@[[D]]>}
// CHECK: <{name = "onnx.If"}> ({
// CHECK: "torch.operator"({{.*}}) <{name = "onnx.Neg"}> :
// CHECK: }) {place.device = "{{.*}}", place.part = {{.*}}, stream.affinity = #hal.device.promise
// OWN-NOT: stream.affinity
// OWN: place.device
// OWN-NOT: stream.affinity
// USERS-NOT: place.device
// USERS: stream.affinity
// USERS-NOT: place.device

// PARTS: func.func @main(%arg0: !torch.vtensor<[?,4],f32> {iree.abi.affinity = #hal.device.promise<@cpu0>}
// PARTS-SAME: -> (!torch.vtensor<[?,4],f32> {iree.abi.affinity = #hal.device.promise<@gpu0>}) attributes {torch.onnx_meta.ir_version = 8 : si64, torch.onnx_meta.opset_version = 17 : si64}
// PARTS: %[[FIRST:.*]] = call @main_part0(%arg0)
// PARTS: "torch_c.to_builtin_tensor"
// PARTS: tensor.dim
// PARTS: "flow.tensor.transfer"({{.*}}) {target = #hal.device.promise<@gpu0>}
// PARTS: "torch_c.from_builtin_tensor"
// PARTS: call @main_part
// PARTS: func.func private @main_part0({{.*}}attributes {{.*}}torch.onnx_meta.opset_version = 17 : si64
// PARTS: <{name = "onnx.Add"}>
"builtin.module"() ({
  "func.func"() <{function_type = (!torch.vtensor<[?,4],f32>, !torch.vtensor<[],i1>) -> !torch.vtensor<[?,4],f32>, sym_name = "main"}> ({
  ^bb0(%arg0: !torch.vtensor<[?,4],f32>, %arg1: !torch.vtensor<[],i1>):
    %0 = "torch.operator"() <{name = "onnx.Constant"}> {torch.onnx.value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> !torch.vtensor<[4],f32>
    %none = "torch.constant.none"() : () -> !torch.none
    %1 = "torch.operator"(%arg0, %0) <{name = "onnx.Add"}> {custom.note = "kept"} : (!torch.vtensor<[?,4],f32>, !torch.vtensor<[4],f32>) -> !torch.vtensor<[?,4],f32> loc("first")
    %2 = "torch.operator"(%1, %none) <{name = "onnx.Clip"}> : (!torch.vtensor<[?,4],f32>, !torch.none) -> !torch.vtensor<[?,4],f32>
    %3 = "torch.operator"(%arg1) <{name = "onnx.If"}> ({
      %4 = "torch.operator"(%2) <{name = "onnx.Neg"}> : (!torch.vtensor<[?,4],f32>) -> !torch.vtensor<[?,4],f32>
      "torch.operator_terminator"(%4) : (!torch.vtensor<[?,4],f32>) -> ()
    }, {
      %4 = "torch.operator"(%2) <{name = "onnx.Abs"}> : (!torch.vtensor<[?,4],f32>) -> !torch.vtensor<[?,4],f32>
      "torch.operator_terminator"(%4) : (!torch.vtensor<[?,4],f32>) -> ()
    }) : (!torch.vtensor<[],i1>) -> !torch.vtensor<[?,4],f32> loc("last")
    "func.return"(%3) : (!torch.vtensor<[?,4],f32>) -> ()
  }) {torch.onnx_meta.ir_version = 8 : si64, torch.onnx_meta.opset_version = 17 : si64} : () -> ()
}) : () -> ()
