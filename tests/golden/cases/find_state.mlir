// RUN: allot-opt --find-state
// Names tell what the next inference is given; "input" and "output" alone say nothing, two that fit are no guess, and types must be
// the same.
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%k: tensor<1x?x4xf32> loc("past_key_values.0.key"), %v: tensor<1x?x4xf32> loc("past_key_values.0.value"), %s: tensor<2x4xf32> loc("state"), %h: tensor<2x4xf32> loc("h"), %i: tensor<2x4xf32> loc("input_1"), %p: tensor<2x4xf32> loc("past_a"), %q: tensor<2x4xf32> loc("prev_a"), %t: tensor<3x4xf32> loc("cache_t")):
    %0 = "onnx.Relu"(%k) {onnx.outputs = ["present.0.key"]} : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
    %1 = "onnx.Relu"(%v) {onnx.outputs = ["present.0.value"]} : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
    %2 = "onnx.Relu"(%s) {onnx.outputs = ["stateN"]} : (tensor<2x4xf32>) -> tensor<2x4xf32>
    %3 = "onnx.Relu"(%h) {onnx.outputs = ["hn"]} : (tensor<2x4xf32>) -> tensor<2x4xf32>
    %4 = "onnx.Relu"(%i) {onnx.outputs = ["output_1"]} : (tensor<2x4xf32>) -> tensor<2x4xf32>
    %5 = "onnx.Add"(%p, %q) {onnx.outputs = ["new_a"]} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
    %6 = "onnx.Concat"(%t, %i) {axis = 0 : si64, onnx.outputs = ["new_cache_t"]} : (tensor<3x4xf32>, tensor<2x4xf32>) -> tensor<5x4xf32>
    "onnx.Return"(%0, %1, %2, %3, %4, %5, %6) : (tensor<1x?x4xf32>, tensor<1x?x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<5x4xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}} : () -> ()
}) : () -> ()
// OUTPUT
"builtin.module"() ({
  "onnx.graph"() <{sym_name = "main"}> ({
  ^bb0(%past_key_values.0.key: tensor<1x?x4xf32> loc("past_key_values.0.key"), %past_key_values.0.value: tensor<1x?x4xf32> loc("past_key_values.0.value"), %state: tensor<2x4xf32> loc("state"), %h: tensor<2x4xf32> loc("h"), %input_1: tensor<2x4xf32> loc("input_1"), %past_a: tensor<2x4xf32> loc("past_a"), %prev_a: tensor<2x4xf32> loc("prev_a"), %cache_t: tensor<3x4xf32> loc("cache_t")):
    %0 = "onnx.Relu"(%past_key_values.0.key) {onnx.outputs = ["present.0.key"]} : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
    %1 = "onnx.Relu"(%past_key_values.0.value) {onnx.outputs = ["present.0.value"]} : (tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
    %2 = "onnx.Relu"(%state) {onnx.outputs = ["stateN"]} : (tensor<2x4xf32>) -> tensor<2x4xf32>
    %3 = "onnx.Relu"(%h) {onnx.outputs = ["hn"]} : (tensor<2x4xf32>) -> tensor<2x4xf32>
    %4 = "onnx.Relu"(%input_1) {onnx.outputs = ["output_1"]} : (tensor<2x4xf32>) -> tensor<2x4xf32>
    %5 = "onnx.Add"(%past_a, %prev_a) {onnx.outputs = ["new_a"]} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
    %6 = "onnx.Concat"(%cache_t, %input_1) {axis = 0 : si64, onnx.outputs = ["new_cache_t"]} : (tensor<3x4xf32>, tensor<2x4xf32>) -> tensor<5x4xf32>
    "onnx.Return"(%0, %1, %2, %3, %4, %5, %6) : (tensor<1x?x4xf32>, tensor<1x?x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>, tensor<5x4xf32>) -> ()
  }) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}, state = {h = "hn", past_key_values.0.key = "present.0.key", past_key_values.0.value = "present.0.value", state = "stateN"}} : () -> ()
}) : () -> ()

// STDERR
// <stdin>: warning: input 'past_a': not taken for a state, as several outputs or inputs fit; say which by --state=OUTPUT=INPUT,...
// <stdin>: warning: input 'prev_a': not taken for a state, as several outputs or inputs fit; say which by --state=OUTPUT=INPUT,...
