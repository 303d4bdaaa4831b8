// Random models that are valid ONNX and can be run: every value is an 8x8 float matrix.
#pragma once

#include <cstdint>

#include "ir/module.h"

namespace allot::testing {

struct RandomGraphOptions {
  uint64_t seed = 1;
  int nodes = 30;
  int inputs = 2;
  // Operands are drawn from the last `window` values: 1 gives a chain, large windows wide graphs.
  int window = 6;
  // How many of 100 nodes take two computed operands.
  int two_operands_percent = 40;
  // How many of 100 one-operand nodes are MatMul with a weight of their own.
  int weights_percent = 30;
};

// MatMul, Add, Mul, Relu, Sigmoid, Tanh, Softmax, Transpose. Values without users are outputs. The
// same options give the same module on every machine.
ir::Module RandomModule(const RandomGraphOptions& options);

}  // namespace allot::testing
