module {
  func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {
    %0 = "onnx.Relu"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
    %1 = "arith.negf"(%0) : (tensor<4xf32>) -> tensor<4xf32>
    return %1 : tensor<4xf32>
  }
}
