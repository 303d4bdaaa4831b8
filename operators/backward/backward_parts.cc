#include <algorithm>

#include "operators/backward/backward_rules.h"
#include "operators/backward_default.h"
#include "operators/counting/lane_cycles.h"

namespace allot {

Backward GradientsOf(const OpView& view, const std::vector<bool>& wanted,
                     const std::vector<size_t>& operands) {
  Backward backward = NoBackward(view);
  for (const size_t operand : operands) {
    if (operand >= wanted.size() || !view.HasOperand(operand)) continue;
    backward.gradients[operand] = wanted[operand] && IsDifferentiable(view.OperandType(operand));
  }
  return backward;
}

Backward NoGradient(const OpView& view, const std::vector<bool>& /*wanted*/,
                    const OpWork& /*forward*/) {
  return NoBackward(view);
}

Backward FirstBesideKept(const OpView& view, const std::vector<bool>& wanted,
                         const OpWork& forward) {
  Backward backward = GradientsOf(view, wanted, {0});
  if (!backward.any()) return backward;
  backward.work.other_operations = forward.other_operations;
  for (size_t i = 1; i < wanted.size(); ++i) backward.keeps_operands[i] = true;
  return backward;
}

int64_t OperationsBackward(const OpView& view, const OpWork& forward) {
  const int64_t elements = std::max<int64_t>({1, view.OperandElements(0), view.ResultElements(0)});
  const double each = static_cast<double>(forward.other_operations) / static_cast<double>(elements);
  const double backward = LaneCyclesOf(view.node().op_type, each).backward;
  // Cycles of a lane are small whole numbers or twice a mean of operations.
  return SaturatingMultiply(elements, static_cast<int64_t>(backward + 0.5));
}

Bytes BytesLikeResult(const OpView& view, int64_t elements) {
  return ir::PackedBytes(view.ResultType(0).element, elements);
}

}  // namespace allot
