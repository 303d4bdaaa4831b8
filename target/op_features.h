// What a cost model is told of one operator: numbers, no IR.
#pragma once

#include <cstdint>
#include <string>

#include "support/units.h"

namespace allot {

// Families of operators that run at unlike fractions of a device's peak.
enum class OpFamily {
  kNone,         // costs nothing anywhere: Constant, Identity, Shape, Reshape and their like
  kMatrix,       // Conv, MatMul, Gemm, LSTM, attention: the peak rate of their type
  kElementwise,  // activations, arithmetic, casts: memory bound on most devices
  kReduction,    // ReduceX, Softmax, normalizations, pooling
  kMovement,     // Transpose, Concat, Slice, Gather, Pad: bytes only
  kControl,      // If, Loop, Scan and function calls: the sum of their bodies
  kOther,        // everything unknown
};

struct OpFeatures {
  std::string name;  // the node's name, or its synthetic one: what measured tables match
  std::string op_type;
  std::string domain;             // "" is ai.onnx
  std::string dtype = "float32";  // the type its arithmetic runs in
  OpFamily family = OpFamily::kOther;
  int64_t flops = 0;  // one multiply-add counts 2
  // Activations read, each operand once. Of kMovement and kControl also what they touch of their
  // constants: a Gather touches a few rows of its table, a Loop reads its weights in every turn.
  Bytes read = 0;
  Bytes written = 0;                // results
  Bytes weights = 0;                // constants used, whole; they stay resident on the device
  int64_t launches = 1;             // kernels it takes; more than one if it has bodies
  bool integer_shape_work = false;  // computes shapes: a few integers, belongs on the host

  friend bool operator==(const OpFeatures&, const OpFeatures&) = default;
};

const char* OpFamilyName(OpFamily family);

// The bytes that the op moves between the device's memory and its arithmetic.
Bytes Traffic(const OpFeatures& op);

}  // namespace allot
