"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<512x512xf32> loc("x"), %w: tensor<512x512xf32> loc("w")):
    %0 = "onnx.MatMul"(%x, %w) {cost.dtype = "float32", cost.family = "matrix", cost.flops = 268435456 : i64, cost.launches = 1 : i64, cost.read = 2097152 : i64, cost.value_bytes = array<i64: 1048576>, cost.weights = 0 : i64, cost.written = 1048576 : i64, onnx.outputs = ["a"], onnx_node_name = "left", place.cluster = 1 : i64, place.kernel = 1 : i64, place.module = 1 : i64} : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
    %1 = "onnx.Relu"(%0) {cost.dtype = "float32", cost.family = "elementwise", cost.flops = 262144 : i64, cost.launches = 1 : i64, cost.read = 1048576 : i64, cost.value_bytes = array<i64: 1048576>, cost.weights = 0 : i64, cost.written = 1048576 : i64, onnx.outputs = ["b"], onnx_node_name = "left.relu", place.cluster = 1 : i64, place.kernel = 1 : i64, place.module = 1 : i64} : (tensor<512x512xf32>) -> tensor<512x512xf32>
    %2 = "onnx.MatMul"(%w, %x) {cost.dtype = "float32", cost.family = "matrix", cost.flops = 268435456 : i64, cost.launches = 1 : i64, cost.read = 2097152 : i64, cost.value_bytes = array<i64: 1048576>, cost.weights = 0 : i64, cost.written = 1048576 : i64, onnx.outputs = ["c"], onnx_node_name = "right", place.cluster = 0 : i64, place.kernel = 0 : i64, place.module = 0 : i64} : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
    %3 = "onnx.Add"(%1, %2) {cost.dtype = "float32", cost.family = "elementwise", cost.flops = 262144 : i64, cost.launches = 1 : i64, cost.read = 2097152 : i64, cost.value_bytes = array<i64: 1048576>, cost.weights = 0 : i64, cost.written = 1048576 : i64, onnx.outputs = ["d"], onnx_node_name = "sum", place.cluster = 1 : i64, place.kernel = 1 : i64, place.module = 1 : i64} : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
    "onnx.Return"(%3) : (tensor<512x512xf32>) -> ()
  }) {cost.value_bytes = array<i64: 1048576, 1048576>, ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}, place.stages = ["features", "value_bytes", "kernels", "clusters", "modules"]} : () -> ()
}) : () -> ()

