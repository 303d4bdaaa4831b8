// The table of known operators.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "target/op_features.h"

namespace allot {

// How the floating point operations of an operator follow from its shapes and attributes.
enum class WorkRule {
  kNothing,      // none
  kTouchedOnly,  // none; and of each operand it reads no more bytes than it writes
  // `amount` times the elements of the first result, of all results, of an operand, of a result for
  // each operand but one.
  kPerResult,
  kAllResults,
  kPerOperand,
  kPerSecondOperand,
  kVariadic,
  // matrix_flops.cc
  kConv,           // amount: which operand is the kernel
  kConvTranspose,  // likewise
  kDeformConv,     // likewise
  kGemm,           // amount: operations per multiply-add
  kMatMul,         // likewise
  kEinsum,
  kRecurrent,  // amount: operations per element of a gate
  kDeterminant,
  kInverse,
  kExperts,
  kLinearModel,
  kSupportVectors,
  // attention_flops.cc
  kAttention,
  kProjectedAttention,
  kHeadsAttention,  // amount: which operand holds past keys
  kLinearAttention,
  // window_flops.cc
  kWindow,         // amount: operations per element of a window
  kLocalResponse,  // amount: operations per element besides the window
  kResize,
  kTopK,
  kSort,
  kFourier,        // amount: operations per butterfly
  kFourierFrames,  // likewise
  kTrees,
};

struct OpEntry {
  const char* domain;  // "" is ai.onnx
  const char* op_type;
  OpFamily family;
  WorkRule rule;
  int64_t amount;
  bool int8;  // computes in 8-bit integers
};

// All rows of op_families.def.
absl::Span<const OpEntry> KnownOps();

// nullptr for an operator that is not in the table. "ai.onnx" and "" are the same domain.
const OpEntry* FindKnownOp(absl::string_view domain, absl::string_view op_type);

}  // namespace allot
