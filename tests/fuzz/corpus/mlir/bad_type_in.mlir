"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%x: tensor<4xf33> loc("x")):
    "onnx.Return"(%x) : (tensor<4xf33>) -> ()
  }) : () -> ()
}) : () -> ()
// STDERR
// <stdin>:3:21: error: 'f33' is no element type
//   ^bb0(%x: tensor<4xf33> loc("x")):
//                     ^
// [fails]
