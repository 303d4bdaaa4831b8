// Normalizations. The data keep their shape; statistics are what varies.
#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::Shape;

// Further results are per channel: running (from opset 14) or saved statistics.
absl::Status BatchNormalization(RuleContext& context) {
  if (!context.Has(0)) return absl::OkStatus();
  context.SetType(0, context.type(0));
  for (size_t i = 1; i < context.num_results(); ++i) {
    const Shape* x = context.shape(0);
    const size_t statistic = 3;  // input_mean
    const ElementType element =
        context.Has(statistic) ? context.element(statistic) : context.element(0);
    context.Set(i, element, x == nullptr || x->size() < 2 ? UnknownShape(1) : Shape{(*x)[1]});
  }
  return absl::OkStatus();
}

// Mean and inverse deviation: the normalized axes become 1. Their type is "stash_type".
absl::Status LayerNormalization(RuleContext& context) {
  if (!context.Has(0)) return absl::OkStatus();
  context.SetType(0, context.type(0));
  const ElementType stash = context.ElementAttribute("stash_type", ElementType::kFloat);
  std::optional<Shape> statistics;
  if (const Shape* x = context.shape(0)) {
    if (const std::optional<size_t> axis = ResolveAxis(context.Int("axis", -1), x->size())) {
      statistics = *x;
      for (size_t i = *axis; i < x->size(); ++i) (*statistics)[i] = Dim::Known(1);
    }
  }
  context.Set(1, stash, statistics);
  context.Set(2, stash, statistics);
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"BatchNormalization", BatchNormalization}, {"GroupNormalization", SameAsFirst},
    {"InstanceNormalization", SameAsFirst},     {"LRN", SameAsFirst},
    {"LayerNormalization", LayerNormalization}, {"LpNormalization", SameAsFirst},
    {"MeanVarianceNormalization", SameAsFirst}, {"RMSNormalization", SameAsFirst},
};

}  // namespace

absl::Span<const ShapeRuleEntry> NormalizationShapeRules() { return kRules; }

}  // namespace allot
