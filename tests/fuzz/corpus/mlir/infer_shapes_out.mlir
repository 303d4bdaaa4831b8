"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<?x3x32x32xf32, {dim_params = ["N", "", "", ""]}> loc("x"), %y: tensor<?x5xf32, {dim_params = ["M", ""]}> loc("y"), %w: tensor<8x3x3x3xf32> loc("w")):
    %0 = "onnx.Conv"(%x, %w) {onnx.outputs = ["c"], pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>} : (tensor<?x3x32x32xf32, {dim_params = ["N", "", "", ""]}>, tensor<8x3x3x3xf32>) -> tensor<?x8x16x16xf32, {dim_params = ["N", "", "", ""]}>
    %1 = "onnx.Shape"(%x) {end = 1 : si64, onnx.outputs = ["n"], start = 0 : si64} : (tensor<?x3x32x32xf32, {dim_params = ["N", "", "", ""]}>) -> tensor<1xi64>
    %2 = "onnx.Constant"() {onnx.outputs = ["rest"], value_ints = array<i64: -1>} : () -> tensor<1xi64>
    %3 = "onnx.Concat"(%1, %2) {axis = 0 : si64, onnx.outputs = ["shape"]} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
    %4 = "onnx.Reshape"(%0, %3) {onnx.outputs = ["flat"]} : (tensor<?x8x16x16xf32, {dim_params = ["N", "", "", ""]}>, tensor<2xi64>) -> tensor<?x2048xf32, {dim_params = ["N", ""]}>
    %5 = "onnx.Concat"(%y, %y) {axis = 0 : si64, onnx.outputs = ["twice"]} : (tensor<?x5xf32, {dim_params = ["M", ""]}>, tensor<?x5xf32, {dim_params = ["M", ""]}>) -> tensor<?x5xf32>
    "onnx.Return"(%4, %5) : (tensor<?x2048xf32, {dim_params = ["N", ""]}>, tensor<?x5xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()

