// The shape rules of the built-in operators (operator.h says what a rule is), a table per family.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "operators/rules/rule_context.h"

namespace allot {

struct ShapeRuleEntry {
  const char* op_type;
  absl::Status (*rule)(RuleContext& context);
};

// One table per family; the domain is ai.onnx unless the name says otherwise.
absl::Span<const ShapeRuleEntry> ElementwiseShapeRules();
absl::Span<const ShapeRuleEntry> WindowShapeRules();
absl::Span<const ShapeRuleEntry> MatrixShapeRules();
absl::Span<const ShapeRuleEntry> ReductionShapeRules();
absl::Span<const ShapeRuleEntry> NormalizationShapeRules();
absl::Span<const ShapeRuleEntry> ReshapeShapeRules();
absl::Span<const ShapeRuleEntry> LayoutShapeRules();
absl::Span<const ShapeRuleEntry> IndexingShapeRules();
absl::Span<const ShapeRuleEntry> CreationShapeRules();
absl::Span<const ShapeRuleEntry> SequenceModelShapeRules();
absl::Span<const ShapeRuleEntry> QuantizationShapeRules();
absl::Span<const ShapeRuleEntry> ContainerShapeRules();
absl::Span<const ShapeRuleEntry> VisionShapeRules();
absl::Span<const ShapeRuleEntry> SignalAndTextShapeRules();
absl::Span<const ShapeRuleEntry> LossShapeRules();
absl::Span<const ShapeRuleEntry> PreviewShapeRules();    // ai.onnx.preview
absl::Span<const ShapeRuleEntry> TrainingShapeRules();   // ai.onnx.preview.training
absl::Span<const ShapeRuleEntry> ClassicMlShapeRules();  // ai.onnx.ml
absl::Span<const ShapeRuleEntry> MicrosoftShapeRules();  // com.microsoft
absl::Span<const ShapeRuleEntry> GradientShapeRules();   // likewise

// com.microsoft operators that follow the rule of an ai.onnx operator.
struct ShapeRuleAlias {
  const char* op_type;
  const char* onnx_op_type;
};
absl::Span<const ShapeRuleAlias> MicrosoftShapeRuleAliases();

// Result 0 is of operand 0's type. For whatever keeps shape and element type.
absl::Status SameAsFirst(RuleContext& context);
// Operands broadcast together; the element type is the first that is known.
absl::Status BroadcastOperands(RuleContext& context);
// The broadcast shape of the operands [first, last); nullopt if one has no rank.
absl::StatusOr<std::optional<ir::Shape>> BroadcastOf(const RuleContext& context, size_t first,
                                                     size_t last);
// Shape of a matrix product with NumPy's rules for vectors and batches; nullopt if a rank is
// unknown.
absl::StatusOr<std::optional<ir::Shape>> MatrixProductShape(const ir::Shape* a, const ir::Shape* b);
// Conv of `x` with `weight` as the node's attributes say; nullopt if a rank is unknown.
absl::StatusOr<std::optional<ir::Shape>> ConvolutionShape(const RuleContext& context,
                                                          const ir::Shape* x,
                                                          const ir::Shape* weight);

}  // namespace allot
