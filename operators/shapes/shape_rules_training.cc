// Losses, and the steps of optimizers (ai.onnx.preview.training).
#include "operators/rules/shape_arithmetic.h"
#include "operators/shapes/shape_rules.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Dim;
using ir::Shape;

// One loss for each label, or one for all. Scores are (N, C, d1, ...), labels (N, d1, ...).
absl::StatusOr<std::optional<Shape>> LossShape(const RuleContext& context) {
  if (context.String("reduction", "mean") != "none") return std::optional<Shape>(Shape{});
  const Shape* scores = context.shape(0);
  const Shape* labels = context.shape(1);
  std::optional<Shape> from_scores;
  if (scores != nullptr && scores->size() >= 2) {
    from_scores = *scores;
    from_scores->erase(from_scores->begin() + 1);
  }
  if (labels == nullptr) return from_scores;
  if (!from_scores) return std::optional<Shape>(*labels);
  if (from_scores->size() != labels->size()) return std::optional<Shape>();
  ALLOT_ASSIGN_OR_RETURN(Shape unified, UnifyShapes(*from_scores, *labels));
  return std::optional<Shape>(std::move(unified));
}

absl::Status NegativeLogLikelihoodLoss(RuleContext& context) {
  ALLOT_ASSIGN_OR_RETURN(std::optional<Shape> shape, LossShape(context));
  context.Set(0, context.element(0), std::move(shape));
  return absl::OkStatus();
}

// Also gives the logarithms of the probabilities.
absl::Status SoftmaxCrossEntropyLoss(RuleContext& context) {
  ALLOT_RETURN_IF_ERROR(NegativeLogLikelihoodLoss(context));
  if (context.Has(0)) context.SetType(1, context.type(0));
  return absl::OkStatus();
}

// Operands: learning rate, count of updates, then `kOperandLists` lists of one tensor for each
// variable: the variables, their gradients, what has accumulated. Results: the variables and what
// has accumulated, renewed.
template <size_t kOperandLists>
absl::Status OptimizerStep(RuleContext& context) {
  constexpr size_t kBefore = 2;
  if (context.num_operands() < kBefore) return absl::OkStatus();
  const size_t tensors = context.num_operands() - kBefore;
  if (tensors % kOperandLists != 0) return absl::OkStatus();
  const size_t variables = tensors / kOperandLists;
  for (size_t i = 0; i < variables * (kOperandLists - 1); ++i) {
    const size_t operand = kBefore + (i < variables ? i : i + variables);
    if (context.Has(operand)) context.SetType(i, context.type(operand));
  }
  return absl::OkStatus();
}

// A gradient for each of the first operands, the ones that attribute "xs" names.
absl::Status Gradient(RuleContext& context) {
  const std::optional<std::vector<std::string>> names = context.Strings("xs");
  for (size_t i = 0; names && i < names->size(); ++i) {
    if (context.Has(i)) context.SetType(i, context.type(i));
  }
  return absl::OkStatus();
}

constexpr ShapeRuleEntry kLosses[] = {
    {"NegativeLogLikelihoodLoss", NegativeLogLikelihoodLoss},
    {"SoftmaxCrossEntropyLoss", SoftmaxCrossEntropyLoss},
};

constexpr ShapeRuleEntry kTraining[] = {
    {"Adagrad", OptimizerStep<3>},
    {"Adam", OptimizerStep<4>},
    {"Gradient", Gradient},
    {"Momentum", OptimizerStep<3>},
};

}  // namespace

absl::Span<const ShapeRuleEntry> LossShapeRules() { return kLosses; }
absl::Span<const ShapeRuleEntry> TrainingShapeRules() { return kTraining; }

}  // namespace allot
