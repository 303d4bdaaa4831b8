module {
  // A comment stays where it is.
  func.func @main(%arg0: !torch.vtensor<[2,4],f32>) -> !torch.vtensor<[2,4],f32> attributes {torch.onnx_meta.ir_version = 8 : si64, torch.onnx_meta.opset_version = 17 : si64} {
    %0 = torch.operator "onnx.Relu"(%arg0) : (!torch.vtensor<[2,4],f32>) -> !torch.vtensor<[2,4],f32> loc("first")
    %1 = torch.operator "onnx.Softmax"(%0) {torch.onnx.axis = -1 : si64,   place.device = "old"} : (!torch.vtensor<[2,4],f32>) -> !torch.vtensor<[2,4],f32> loc("last")
    return %1 : !torch.vtensor<[2,4],f32>
  }
}
