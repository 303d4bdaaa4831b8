#include "operators/backward_default.h"

namespace allot {

bool IsDifferentiable(const ir::Type& type) {
  if (!type.is_tensor()) return false;
  switch (type.element) {
    case ir::ElementType::kFloat:
    case ir::ElementType::kDouble:
    case ir::ElementType::kFloat16:
    case ir::ElementType::kBfloat16:
      return true;
    default:
      return false;
  }
}

Backward NoBackward(const OpView& view) {
  Backward backward;
  backward.gradients.resize(view.node().operands.size());
  backward.keeps_operands.resize(view.node().operands.size());
  backward.keeps_results.resize(view.node().results.size());
  return backward;
}

Backward DefaultBackward(const OpView& view, const std::vector<bool>& wanted, int64_t operations) {
  Backward backward = NoBackward(view);
  for (size_t i = 0; i < wanted.size(); ++i) {
    backward.gradients[i] = wanted[i] && IsDifferentiable(view.OperandType(i));
  }
  if (!backward.any()) return backward;
  backward.work.other_operations = SaturatingMultiply(2, operations);
  backward.keeps_operands.assign(wanted.size(), true);
  backward.keeps_results.assign(view.node().results.size(), true);
  return backward;
}

}  // namespace allot
