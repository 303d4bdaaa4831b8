module attributes {llvm.data_layout = "e-m:e-i64:64", "onnx-mlir.symbol-postfix" = "model"} {
  func.func @main_graph(%arg0: tensor<?x3x8x8xf32> {onnx.dim_params = "0:batch", onnx.name = "image"}) -> (tensor<?x4xf16> {onnx.name = "scores"}) {
    %0 = onnx.Constant dense<0.25> : tensor<4x3x3x3xf32>
    %1 = "onnx.NoValue"() {value} : () -> none
    %2 = "onnx.Conv"(%arg0, %0, %1) {auto_pad = "SAME_UPPER", group = 1 : si64, kernel_shape = [3, 3], onnx_node_name = "conv"} : (tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32>, none) -> tensor<?x4x8x8xf32>
    %3 = "onnx.ReduceMeanV13"(%2) {axes = [2, 3], keepdims = 0 : si64, onnx_node_name = "mean"} : (tensor<?x4x8x8xf32>) -> tensor<?x4xf32>
    %4 = onnx.Constant {value_float = 2.000000e+00 : f32} : tensor<f32>
    %5 = "onnx.Mul"(%3, %4) : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
    %6 = "onnx.Cast"(%5) {onnx_node_name = "half", saturate = 1 : si64, to = f16} : (tensor<?x4xf32>) -> tensor<?x4xf16>
    %7, %8 = "onnx.Dropout"(%6, %1, %1) {device = "cpu", onnx_node_name = "drop"} : (tensor<?x4xf16>, none, none) -> (tensor<?x4xf16>, none)
    %9 = "onnx.Custom"(%7) {domain_name = "com.microsoft", function_name = "QuickGelu", onnx_node_name = "own"} : (tensor<?x4xf16>) -> tensor<?x4xf16>
    onnx.Return %9 : tensor<?x4xf16>
  }
  "onnx.EntryPoint"() {func = @main_graph} : () -> ()
}
