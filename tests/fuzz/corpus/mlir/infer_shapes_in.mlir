// Symbols pass through; the length of a concatenation of unlike symbols is unknown.
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<?x3x32x32xf32, {dim_params = ["N", "", "", ""]}> loc("x"), %y: tensor<?x5xf32, {dim_params = ["M", ""]}> loc("y"), %w: tensor<8x3x3x3xf32> loc("w")):
    %0 = "onnx.Conv"(%x, %w) {pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>, onnx.outputs = ["c"]} : (tensor<?x3x32x32xf32, {dim_params = ["N", "", "", ""]}>, tensor<8x3x3x3xf32>) -> !onnx.unknown
    %1 = "onnx.Shape"(%x) {start = 0 : si64, end = 1 : si64, onnx.outputs = ["n"]} : (tensor<?x3x32x32xf32, {dim_params = ["N", "", "", ""]}>) -> !onnx.unknown
    %2 = "onnx.Constant"() {value_ints = array<i64: -1>, onnx.outputs = ["rest"]} : () -> !onnx.unknown
    %3 = "onnx.Concat"(%1, %2) {axis = 0 : si64, onnx.outputs = ["shape"]} : (!onnx.unknown, !onnx.unknown) -> !onnx.unknown
    %4 = "onnx.Reshape"(%0, %3) {onnx.outputs = ["flat"]} : (!onnx.unknown, !onnx.unknown) -> !onnx.unknown
    %5 = "onnx.Concat"(%y, %y) {axis = 0 : si64, onnx.outputs = ["twice"]} : (tensor<?x5xf32, {dim_params = ["M", ""]}>, tensor<?x5xf32, {dim_params = ["M", ""]}>) -> !onnx.unknown
    "onnx.Return"(%4, %5) : (!onnx.unknown, !onnx.unknown) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
