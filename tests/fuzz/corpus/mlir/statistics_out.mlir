"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<4xf32> loc("x")):
    %0 = "onnx.Relu"(%x) {cost.dtype = "float32", cost.family = "elementwise", cost.flops = 4 : i64, cost.launches = 1 : i64, cost.read = 16 : i64, cost.value_bytes = array<i64: 16>, cost.weights = 0 : i64, cost.written = 16 : i64, onnx.outputs = ["a"], onnx_node_name = "one"} : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "onnx.Add"(%0, %0) {cost.dtype = "float32", cost.family = "elementwise", cost.flops = 4 : i64, cost.launches = 1 : i64, cost.read = 16 : i64, cost.value_bytes = array<i64: 16>, cost.weights = 0 : i64, cost.written = 16 : i64, onnx.outputs = ["c"], onnx_node_name = "sum"} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    "onnx.Return"(%1) : (tensor<4xf32>) -> ()
  }) {cost.value_bytes = array<i64: 16>, ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}, place.stages = ["features", "value_bytes"]} : () -> ()
}) : () -> ()

// STDERR
// ===-------------------------------------------------------------------------===
//                          ... Pass statistics report ...
// ===-------------------------------------------------------------------------===
// 'onnx.graph' Pipeline
//   Cse
//     (S) 1 nodes merged
//   DropIdentity
//     (S) 0 nodes dropped
//   EstimateCost
//     (S) 8 flops
//     (S) 0 sizes-unknown
//     (S) 0 symbols-defaulted
