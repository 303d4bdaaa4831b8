// Backward rules of the built-in operators, by family.
#pragma once

#include <string>
#include <vector>

#include "operators/backward.h"

namespace allot {

struct BackwardRuleEntry {
  std::string domain, op_type;
  BackwardRule rule;
};

std::vector<BackwardRuleEntry> ProductBackwardRules();      // products, attention, recurrences
std::vector<BackwardRuleEntry> ElementwiseBackwardRules();  // arithmetic, activations
std::vector<BackwardRuleEntry> ReductionBackwardRules();    // sums, norms, softmax, windows, losses
std::vector<BackwardRuleEntry> MovementBackwardRules();     // views, and what only moves elements

// What most rules are made of: `operands` get gradients as far as these are wanted and operands are
// floating point.
Backward GradientsOf(const OpView& view, const std::vector<bool>& wanted,
                     const std::vector<size_t>& operands);
// Nothing: what it computes is no function that has a gradient.
Backward NoGradient(const OpView& view, const std::vector<bool>& wanted, const OpWork& forward);

// The first operand has a gradient, by as much work as forward; the others are kept: angles of a
// rotary embedding, labels of a loss.
Backward FirstBesideKept(const OpView& view, const std::vector<bool>& wanted,
                         const OpWork& forward);

// What an element-wise operator or a reduction computes backward, for each element of what is
// larger, the operand or the result (counting/lane_cycles.h).
int64_t OperationsBackward(const OpView& view, const OpWork& forward);

// The bytes of so many elements of the type of the first result.
Bytes BytesLikeResult(const OpView& view, int64_t elements);

}  // namespace allot
