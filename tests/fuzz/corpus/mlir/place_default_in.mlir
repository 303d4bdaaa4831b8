"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<512x512xf32> loc("x"), %w: tensor<512x512xf32> loc("w")):
    %0 = "onnx.MatMul"(%x, %w) {onnx_node_name = "left", onnx.outputs = ["a"]} : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
    %1 = "onnx.Relu"(%0) {onnx_node_name = "left.relu", onnx.outputs = ["b"]} : (tensor<512x512xf32>) -> tensor<512x512xf32>
    %2 = "onnx.MatMul"(%w, %x) {onnx_node_name = "right", onnx.outputs = ["c"]} : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
    %3 = "onnx.Add"(%1, %2) {onnx_node_name = "sum", onnx.outputs = ["d"]} : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
    "onnx.Return"(%3) : (tensor<512x512xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
