module {
  func.func @a(%arg0: tensor<4xf32>) -> tensor<4xf32> {
    %0 = "onnx.Relu"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
  func.func @b(%arg0: tensor<4xf32>) -> tensor<4xf32> {
    %0 = "onnx.Relu"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
