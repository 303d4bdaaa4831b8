module {
  func.func @main_graph(%arg0: tensor<2x3x8x8xf32> {onnx.name = "image"}) -> tensor<2x4x6x6xf16> {
    %0 = onnx.Constant dense<0.25> : tensor<4x3x3x3xf32>
    %1 = "onnx.NoValue"() {value} : () -> none
    %2 = "onnx.Conv"(%arg0, %0, %1) {onnx_node_name = "conv", device = "cpu"} : (tensor<2x3x8x8xf32>, tensor<4x3x3x3xf32>, none) -> tensor<2x4x6x6xf32>
    %3 = "onnx.Cast"(%2) {onnx_node_name = "half", to = f16} : (tensor<2x4x6x6xf32>) -> tensor<2x4x6x6xf16>
    onnx.Return %3 : tensor<2x4x6x6xf16>
  }
  "onnx.EntryPoint"() {func = @main_graph} : () -> ()
}
