// Reductions, arg-reductions and what runs along an axis without changing the shape.
#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Dim;
using ir::ElementType;
using ir::Shape;

// The shape after the marked axes go, or become 1.
Shape Reduced(const Shape& shape, const std::vector<bool>& gone, bool keep) {
  Shape reduced;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (!gone[i]) {
      reduced.push_back(shape[i]);
    } else if (keep) {
      reduced.push_back(Dim::Known(1));
    }
  }
  return reduced;
}

std::optional<Shape> ReducedShape(const RuleContext& context) {
  const Shape* x = context.shape(0);
  if (x == nullptr) return std::nullopt;
  const bool keep = context.Int("keepdims", 1) != 0;
  const RuleContext::List axes = context.AttributeOrOperand("axes", 1);
  if (axes.state == RuleContext::ListState::kUnknown) {
    if (keep) return UnknownShape(x->size());
    // Still, their number says the rank.
    const Shape* list = context.shape(1);
    if (list == nullptr || list->size() != 1 || !(*list)[0].known() || (*list)[0].size < 1 ||
        (*list)[0].size > static_cast<int64_t>(x->size())) {
      return std::nullopt;
    }
    return UnknownShape(x->size() - static_cast<size_t>((*list)[0].size));
  }
  if (axes.values.empty()) {
    if (context.Int("noop_with_empty_axes", 0) != 0) return *x;
    return Reduced(*x, std::vector<bool>(x->size(), true), keep);
  }
  std::vector<bool> gone(x->size(), false);
  for (const int64_t axis : axes.values) {
    const std::optional<size_t> resolved = ResolveAxis(axis, x->size());
    if (!resolved) return std::nullopt;
    gone[*resolved] = true;
  }
  return Reduced(*x, gone, keep);
}

absl::Status Reduce(RuleContext& context) {
  context.Set(0, context.element(0), ReducedShape(context));
  return absl::OkStatus();
}

absl::Status ArgReduce(RuleContext& context) {
  const Shape* x = context.shape(0);
  context.Set(0, ElementType::kInt64, std::nullopt);
  if (x == nullptr) return absl::OkStatus();
  const std::optional<size_t> axis = ResolveAxis(context.Int("axis", 0), x->size());
  if (!axis) return absl::OkStatus();
  std::vector<bool> gone(x->size(), false);
  gone[*axis] = true;
  context.Set(0, ElementType::kInt64, Reduced(*x, gone, context.Int("keepdims", 1) != 0));
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kRules[] = {
    {"ArgMax", ArgReduce},       {"ArgMin", ArgReduce},    {"CumSum", SameAsFirst},
    {"CumProd", SameAsFirst},    {"Hardmax", SameAsFirst}, {"LogSoftmax", SameAsFirst},
    {"ReduceL1", Reduce},        {"ReduceL2", Reduce},     {"ReduceLogSum", Reduce},
    {"ReduceLogSumExp", Reduce}, {"ReduceMax", Reduce},    {"ReduceMean", Reduce},
    {"ReduceMin", Reduce},       {"ReduceProd", Reduce},   {"ReduceSum", Reduce},
    {"ReduceSumSquare", Reduce}, {"Softmax", SameAsFirst},
};

}  // namespace

absl::Span<const ShapeRuleEntry> ReductionShapeRules() { return kRules; }

}  // namespace allot
