#shared = loc("a"("m.onnx":3:0))
!vec = !torch.vtensor<[?,4],f32>
module attributes {torch.debug_module_name = "m"} {
  util.global private @unused = #util.uninitialized : tensor<4xf32>
  func.func private @declared(!torch.int) -> !torch.int
  func.func @main(%arg0: !vec, %arg1: !torch.vtensor<[],i1>) -> (!torch.vtensor<[?,4],f32>, !torch.vtensor<[?,?],f32>) attributes {torch.onnx_meta.ir_version = 8 : si64, torch.onnx_meta.opset_version = 17 : si64, torch.onnx_meta.opset_versions = {com.microsoft = 1 : si64}, torch.onnx_meta.producer_name = "pytorch", torch.onnx_meta.producer_version = "2.1"} {
    %0 = torch.operator "onnx.Constant"() {torch.onnx.value = dense<[[1.0, 2.0, 3.0, 4.0], [0.5, -1.5, 1.0e-2, 0.0]]> : tensor<2x4xf32>} : () -> !torch.vtensor<[2,4],f32>
    %1 = torch.operator "onnx.Constant"() {torch.onnx.value = dense_resource<_b> : tensor<4xf32>} : () -> !torch.vtensor<[4],f32>
    %none = torch.constant.none
    %2 = torch.operator "onnx.Add"(%arg0, %1) {custom.note = #custom.note<"kept by others">} : (!vec, !torch.vtensor<[4],f32>) -> !torch.vtensor<[?,4],f32> loc(#shared)
    %3 = torch.operator "onnx.Constant"() {torch.onnx.value = dense<0.5> : tensor<f32>} : () -> !torch.vtensor<[],f32>
    %4 = torch.operator "onnx.Clip"(%2, %none, %3) : (!torch.vtensor<[?,4],f32>, !torch.none, !torch.vtensor<[],f32>) -> !torch.vtensor<[?,4],f32>
    %5 = torch.operator "onnx.If"(%arg1) : (!torch.vtensor<[],i1>) -> !torch.vtensor<[?,4],f32> {
      %8 = torch.operator "onnx.Neg"(%4) : (!torch.vtensor<[?,4],f32>) -> !torch.vtensor<[?,4],f32>
      torch.operator_terminator %8 : !torch.vtensor<[?,4],f32>
    }, {
      %8 = torch.operator "onnx.Abs"(%4) : (!torch.vtensor<[?,4],f32>) -> !torch.vtensor<[?,4],f32>
      torch.operator_terminator %8 : !torch.vtensor<[?,4],f32>
    }
    %6:2 = torch.operator "onnx.Split"(%5) {torch.onnx.axis = 1 : si64} : (!torch.vtensor<[?,4],f32>) -> (!torch.vtensor<[?,2],f32>, !torch.vtensor<[?,2],f32>)
    %7 = torch.operator "onnx.Concat"(%6#1, %6#0) {torch.onnx.axis = 1 : si64} : (!torch.vtensor<[?,2],f32>, !torch.vtensor<[?,2],f32>) -> !torch.vtensor<[?,?],f32>
    return %5, %7 : !torch.vtensor<[?,4],f32>, !torch.vtensor<[?,?],f32>
  }
}

{-#
  dialect_resources: {
    builtin: {
      _b: "0x040000000000803F000000400000404000008040"
    }
  }
#-}
