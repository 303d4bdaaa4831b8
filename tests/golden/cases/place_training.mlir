// RUN: allot-opt --target=homogeneous-8gpu --objective=throughput '--pass-pipeline=infer-shapes,estimate-cost,coarsen,place-training{microbatches=2 max-stages=2 freeze=frozen},schedule{replicas=false},explain{work=0},explain-training'
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<1048576x8xf32> loc("x")):
    %frozen = "onnx.Initializer"() {onnx.outputs = ["frozen"], value = dense_resource<blob0> : tensor<8x8xf32>} : () -> tensor<8x8xf32>
    %first = "onnx.Initializer"() {onnx.outputs = ["first"], value = dense_resource<blob0> : tensor<8x8xf32>} : () -> tensor<8x8xf32>
    %second = "onnx.Initializer"() {onnx.outputs = ["second"], value = dense_resource<blob0> : tensor<8x8xf32>} : () -> tensor<8x8xf32>
    %0 = "onnx.MatMul"(%x, %frozen) {onnx_node_name = "embed", onnx.outputs = ["a"]} : (tensor<1048576x8xf32>, tensor<8x8xf32>) -> tensor<1048576x8xf32>
    %1 = "onnx.MatMul"(%0, %first) {onnx_node_name = "up", onnx.outputs = ["b"]} : (tensor<1048576x8xf32>, tensor<8x8xf32>) -> tensor<1048576x8xf32>
    %2 = "onnx.Tanh"(%1) {onnx_node_name = "tanh", onnx.outputs = ["c"]} : (tensor<1048576x8xf32>) -> tensor<1048576x8xf32>
    %3 = "onnx.MatMul"(%2, %second) {onnx_node_name = "down", onnx.outputs = ["d"]} : (tensor<1048576x8xf32>, tensor<8x8xf32>) -> tensor<1048576x8xf32>
    "onnx.Return"(%3) : (tensor<1048576x8xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()

{-#
  dialect_resources: {
    builtin: {
      blob0: "0x040000000000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F0000803F"
    }
  }
#-}
// OUTPUT
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<1048576x8xf32> loc("x")):
    %frozen = "onnx.Initializer"() {onnx.outputs = ["frozen"], value = dense_resource<blob0> : tensor<8x8xf32>} : () -> tensor<8x8xf32>
    %first = "onnx.Initializer"() {onnx.outputs = ["first"], value = dense_resource<blob0> : tensor<8x8xf32>} : () -> tensor<8x8xf32>
    %second = "onnx.Initializer"() {onnx.outputs = ["second"], value = dense_resource<blob0> : tensor<8x8xf32>} : () -> tensor<8x8xf32>
    %0 = "onnx.MatMul"(%x, %frozen) {cost.dtype = "float32", cost.family = "matrix", cost.flops = 134217728 : i64, cost.launches = 1 : i64, cost.read = 33554432 : i64, cost.value_bytes = array<i64: 33554432>, cost.weights = 256 : i64, cost.written = 33554432 : i64, onnx.outputs = ["a"], onnx_node_name = "embed", place.cluster = 0 : i64, place.device = "gpu0", place.end_ps = 76946238 : i64, place.kernel = 0 : i64, place.part = 0 : i64, place.reason = "stage 1 of 1, forward and backward: 0.1908 ms and 0.2478 ms for a microbatch, the longest of all; it needs 134.2 MB of 41.9 GB", place.start_ps = 20000000 : i64} : (tensor<1048576x8xf32>, tensor<8x8xf32>) -> tensor<1048576x8xf32>
    %1 = "onnx.MatMul"(%0, %first) {cost.dtype = "float32", cost.family = "matrix", cost.flops = 134217728 : i64, cost.launches = 1 : i64, cost.read = 33554432 : i64, cost.value_bytes = array<i64: 33554432>, cost.weights = 256 : i64, cost.written = 33554432 : i64, onnx.outputs = ["b"], onnx_node_name = "up", place.cluster = 1 : i64, place.device = "gpu0", place.end_ps = 133892476 : i64, place.kernel = 1 : i64, place.part = 0 : i64, place.reason = "stage 1 of 1, forward and backward: 0.1908 ms and 0.2478 ms for a microbatch, the longest of all; it needs 134.2 MB of 41.9 GB", place.start_ps = 76946238 : i64} : (tensor<1048576x8xf32>, tensor<8x8xf32>) -> tensor<1048576x8xf32>
    %2 = "onnx.Tanh"(%1) {cost.dtype = "float32", cost.family = "elementwise", cost.flops = 67108864 : i64, cost.launches = 1 : i64, cost.read = 33554432 : i64, cost.value_bytes = array<i64: 33554432>, cost.weights = 0 : i64, cost.written = 33554432 : i64, onnx.outputs = ["c"], onnx_node_name = "tanh", place.cluster = 1 : i64, place.device = "gpu0", place.end_ps = 133892476 : i64, place.kernel = 1 : i64, place.part = 0 : i64, place.reason = "stage 1 of 1, forward and backward: 0.1908 ms and 0.2478 ms for a microbatch, the longest of all; it needs 134.2 MB of 41.9 GB", place.start_ps = 76946238 : i64} : (tensor<1048576x8xf32>) -> tensor<1048576x8xf32>
    %3 = "onnx.MatMul"(%2, %second) {cost.dtype = "float32", cost.family = "matrix", cost.flops = 134217728 : i64, cost.launches = 1 : i64, cost.read = 33554432 : i64, cost.value_bytes = array<i64: 33554432>, cost.weights = 256 : i64, cost.written = 33554432 : i64, onnx.outputs = ["d"], onnx_node_name = "down", place.cluster = 2 : i64, place.device = "gpu0", place.end_ps = 190838714 : i64, place.kernel = 2 : i64, place.part = 0 : i64, place.reason = "stage 1 of 1, forward and backward: 0.1908 ms and 0.2478 ms for a microbatch, the longest of all; it needs 134.2 MB of 41.9 GB", place.start_ps = 133892476 : i64} : (tensor<1048576x8xf32>, tensor<8x8xf32>) -> tensor<1048576x8xf32>
    "onnx.Return"(%3) : (tensor<1048576x8xf32>) -> ()
  }) {cost.value_bytes = array<i64: 33554432, 256, 256, 256>, ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}, place.order = array<i64: 0, 1, 2>, place.parts = [{device = "gpu0", end_ps = 190838714 : i64, start_ps = 0 : i64}], place.stages = ["features", "value_bytes", "kernels", "clusters", "devices", "part_of", "node_times", "reasons"], place.summary = {baselines = [{name = "single:cpu0", value_ps = 2897018132 : i64}, {name = "single:gpu0", value_ps = 877249227 : i64}, {name = "single:gpu1", value_ps = 877249227 : i64}, {name = "single:gpu2", value_ps = 877249227 : i64}, {name = "single:gpu3", value_ps = 877249227 : i64}, {name = "single:gpu4", value_ps = 877249227 : i64}, {name = "single:gpu5", value_ps = 877249227 : i64}, {name = "single:gpu6", value_ps = 877249227 : i64}, {name = "single:gpu7", value_ps = 877249227 : i64}], bound_name = "ranges", cluster_value_ps = 877249227 : i64, cut_bytes = 0 : i64, devices = [{busy_ps = 0 : i64, device = "cpu0", peak = 0 : i64, resident = 0 : i64}, {busy_ps = 877249227 : i64, device = "gpu0", peak = 134220032 : i64, resident = 2304 : i64}, {busy_ps = 0 : i64, device = "gpu1", peak = 0 : i64, resident = 0 : i64}, {busy_ps = 0 : i64, device = "gpu2", peak = 0 : i64, resident = 0 : i64}, {busy_ps = 0 : i64, device = "gpu3", peak = 0 : i64, resident = 0 : i64}, {busy_ps = 0 : i64, device = "gpu4", peak = 0 : i64, resident = 0 : i64}, {busy_ps = 0 : i64, device = "gpu5", peak = 0 : i64, resident = 0 : i64}, {busy_ps = 0 : i64, device = "gpu6", peak = 0 : i64, resident = 0 : i64}, {busy_ps = 0 : i64, device = "gpu7", peak = 0 : i64, resident = 0 : i64}], lower_bound_ps = 622489159 : i64, objective = "throughput", solver = "ranges-1f1b", value_ps = 877249227 : i64}, place.training = {any_iteration_bound_ps = 96210124 : i64, any_period_bound_ps = 48105062 : i64, iteration_bound_ps = 622489159 : i64, iteration_ps = 877249227 : i64, microbatches = 2 : i64, optimizer = "adam", parameters = 128 : i64, period_bound_ps = 294757763 : i64, period_ps = 438623461 : i64, recompute = "auto", stages = [{activations = 67108864 : i64, backward_ps = 247784747 : i64, device = "gpu0", forward_ps = 190838714 : i64, gradients = 512 : i64, in_flight = 1 : i64, kept = 67108864 : i64, optimizer = 1024 : i64, update_ps = 2305 : i64, weights = 768 : i64, working = 67108864 : i64}], steps = [array<i64: 0, 0, 0, 0, 190838714>, array<i64: 1, 0, 0, 190838714, 438623461>, array<i64: 0, 0, 1, 438623461, 629462175>, array<i64: 1, 0, 1, 629462175, 877246922>, array<i64: 2, 0, 0, 877246922, 877249227>]}} : () -> ()
}) : () -> ()

{-#
  dialect_resources: {
    builtin: {
      blob0: "0x040000000000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f0000803f"
    }
  }
#-}

