// Gradients of com.microsoft, as ONNX Runtime's training graphs have them: each is of the type of
// what it is the gradient of.
#include "operators/shapes/shape_rules.h"

namespace allot {
namespace {

// Result i is of the type of operand operands[i].
template <size_t... kOperands>
absl::Status Like(RuleContext& context) {
  size_t result = 0;
  const auto set = [&](size_t operand) {
    if (context.Has(operand)) context.SetType(result, context.type(operand));
    ++result;
  };
  (set(kOperands), ...);
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"BatchNormalizationGrad", Like<1, 2, 2>},
    {"BiasFastGeluGrad_dX", SameAsFirst},
    {"BiasGeluGrad_dX", SameAsFirst},
    {"BitmaskDropoutGrad", SameAsFirst},
    {"ConvGrad", Like<1, 2>},
    {"DivGrad", Like<1, 2>},
    {"DropoutGrad", SameAsFirst},
    {"FastGeluGrad", SameAsFirst},
    {"GeluGrad", SameAsFirst},
    {"InPlaceAccumulator", SameAsFirst},
    {"InvertibleLayerNormalizationGrad", Like<1, 2, 3>},
    {"LayerNormalizationGrad", Like<1, 2, 2>},
    {"LeakyReluGrad", SameAsFirst},
    {"LogSoftmaxGrad", SameAsFirst},
    {"LogSoftmaxGrad_13", SameAsFirst},
    {"QuickGeluGrad", SameAsFirst},
    {"ReluGrad", SameAsFirst},
    {"Scale", SameAsFirst},
    {"SigmoidGrad", SameAsFirst},
    {"SimplifiedLayerNormalizationGrad", Like<1, 2>},
    {"SoftmaxCrossEntropyGrad", Like<1>},
    {"SoftmaxCrossEntropyLossGrad", Like<1>},
    {"SoftmaxCrossEntropyLossInternalGrad", Like<1>},
    {"SoftmaxGrad", SameAsFirst},
    {"SoftmaxGrad_13", SameAsFirst},
    {"TanhGrad", SameAsFirst},
};

}  // namespace

absl::Span<const ShapeRuleEntry> GradientShapeRules() { return kRules; }

}  // namespace allot
