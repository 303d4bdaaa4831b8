#include "operators/features/op_flops.h"

#include <algorithm>

namespace allot {

int64_t FlopsOf(const OpEntry& op, const OpView& view) {
  switch (op.rule) {
    case WorkRule::kNothing:
    case WorkRule::kTouchedOnly:
      return 0;
    case WorkRule::kPerResult:
      return Product({op.amount, view.ResultElements(0)});
    case WorkRule::kAllResults: {
      int64_t elements = 0;
      for (size_t i = 0; i < view.node().results.size(); ++i) {
        elements = SaturatingAdd(elements, view.ResultElements(i));
      }
      return Product({op.amount, elements});
    }
    case WorkRule::kPerOperand:
      return Product({op.amount, view.OperandElements(0)});
    case WorkRule::kPerSecondOperand:
      return Product({op.amount, view.OperandElements(1)});
    case WorkRule::kVariadic: {
      const int64_t joined = static_cast<int64_t>(view.node().operands.size()) - 1;
      return Product({op.amount, std::max<int64_t>(0, joined), view.ResultElements(0)});
    }
    case WorkRule::kConv:
    case WorkRule::kConvTranspose:
    case WorkRule::kDeformConv:
    case WorkRule::kGemm:
    case WorkRule::kMatMul:
    case WorkRule::kEinsum:
    case WorkRule::kRecurrent:
    case WorkRule::kDeterminant:
    case WorkRule::kInverse:
    case WorkRule::kExperts:
    case WorkRule::kLinearModel:
    case WorkRule::kSupportVectors:
      return MatrixFlops(op, view);
    case WorkRule::kAttention:
    case WorkRule::kProjectedAttention:
    case WorkRule::kHeadsAttention:
    case WorkRule::kLinearAttention:
      return AttentionFlops(op, view);
    case WorkRule::kWindow:
    case WorkRule::kLocalResponse:
    case WorkRule::kResize:
    case WorkRule::kTopK:
    case WorkRule::kSort:
    case WorkRule::kFourier:
    case WorkRule::kFourierFrames:
    case WorkRule::kTrees:
      return WindowFlops(op, view);
  }
  return 0;
}

}  // namespace allot
