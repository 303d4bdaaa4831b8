// Evaluation of operators on partly known small tensors (see partial_value.h).
//
// A rule runs after the shape rule of its node and sees the result's type. It sets result values of
// which it is certain on every runtime: integer overflow, division of negative integers that does
// not come out even, and rounding that differs between runtimes all give unknown elements. Real
// arithmetic is evaluated only where IEEE 754 prescribes the result. Symbols are sizes: not
// negative.
#pragma once

#include <optional>
#include <vector>

#include "absl/types/span.h"

#include "operators/rules/rule_context.h"

namespace allot {

struct ValueRuleEntry {
  const char* op_type;  // of domain ai.onnx
  void (*rule)(RuleContext& context);
};

absl::Span<const ValueRuleEntry> ArithmeticValueRules();
absl::Span<const ValueRuleEntry> MovementValueRules();
absl::Span<const ValueRuleEntry> SourceValueRules();

// The dimensions of result `i` if they are known and few enough elements to track.
std::optional<std::vector<int64_t>> TrackedDims(RuleContext& context, size_t i = 0);

}  // namespace allot
