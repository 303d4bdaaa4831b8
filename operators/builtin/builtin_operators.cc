// The columns of the table of operators, joined into a record for each.
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "operators/backward/backward_rules.h"
#include "operators/counting/work_rules.h"
#include "operators/operators.h"
#include "operators/shapes/shape_rules.h"
#include "operators/splits/split_rules.h"
#include "operators/values/value_rules.h"
#include "support/check.h"

namespace allot {
namespace {

constexpr char onnx[] = "";
constexpr char ml[] = "ai.onnx.ml";
constexpr char preview[] = "ai.onnx.preview";
constexpr char ms[] = "com.microsoft";
constexpr char nhwc[] = "com.ms.internal.nhwc";
constexpr char nchwc[] = "com.microsoft.nchwc";
constexpr char training[] = "ai.onnx.preview.training";

// Gathers rules until each operator is whole.
class Builder {
 public:
  void AddWork(Operator op) { operators_.Add(std::move(op)); }
  void AddShapes(absl::string_view domain, absl::Span<const ShapeRuleEntry> rules) {
    for (const ShapeRuleEntry& entry : rules) SetShape(domain, entry.op_type, entry.rule);
  }
  void AddAliases(absl::string_view domain, absl::Span<const ShapeRuleAlias> aliases) {
    for (const ShapeRuleAlias& alias : aliases) {
      SetShape(domain, alias.op_type, Known(onnx, alias.onnx_op_type).shape);
    }
  }
  void AddValues(absl::string_view domain, absl::Span<const ValueRuleEntry> rules) {
    for (const ValueRuleEntry& entry : rules) {
      Operator op = Known(domain, entry.op_type);
      op.value = entry.rule;
      operators_.Add(std::move(op));
    }
  }
  void AddSplits(absl::Span<const SplitRuleEntry> rules) {
    for (const SplitRuleEntry& entry : rules) {
      Operator op = Known(entry.domain, entry.op_type);
      op.split = entry.rule;
      operators_.Add(std::move(op));
    }
  }
  void AddBackward(absl::Span<const BackwardRuleEntry> rules) {
    for (const BackwardRuleEntry& entry : rules) {
      Operator op = Known(entry.domain, entry.op_type);
      op.backward = entry.rule;
      operators_.Add(std::move(op));
    }
  }
  Operators Take() { return std::move(operators_); }

 private:
  const Operator& Known(absl::string_view domain, absl::string_view op_type) const {
    const Operator* op = operators_.Find(domain, op_type);
    ALLOT_CHECK(op != nullptr);  // a rule needs a row in operators.def
    return *op;
  }
  void SetShape(absl::string_view domain, absl::string_view op_type, ShapeRule rule) {
    Operator op = Known(domain, op_type);
    op.shape = std::move(rule);
    operators_.Add(std::move(op));
  }

  Operators operators_;
};

Operators Build() {
  using namespace work;  // NOLINT: the rules that operators.def names
  Builder builder;
#define ALLOT_OP(domain, op, family, rule) \
  builder.AddWork(                         \
      {domain, #op, OpFamily::family, false, false, rule, nullptr, nullptr, nullptr, nullptr});
#define ALLOT_INT8_OP(domain, op, family, rule) \
  builder.AddWork(                              \
      {domain, #op, OpFamily::family, true, false, rule, nullptr, nullptr, nullptr, nullptr});
#define ALLOT_LOOK_UP(domain, op, family) \
  builder.AddWork(                        \
      {domain, #op, OpFamily::family, false, true, nullptr, nullptr, nullptr, nullptr, nullptr});
#include "operators/builtin/operators.def"
#undef ALLOT_OP
#undef ALLOT_INT8_OP
#undef ALLOT_LOOK_UP
  for (const auto& rules :
       {ElementwiseShapeRules(), WindowShapeRules(), MatrixShapeRules(), ReductionShapeRules(),
        NormalizationShapeRules(), ReshapeShapeRules(), LayoutShapeRules(), IndexingShapeRules(),
        CreationShapeRules(), SequenceModelShapeRules(), QuantizationShapeRules(),
        ContainerShapeRules(), VisionShapeRules(), SignalAndTextShapeRules(), LossShapeRules()}) {
    builder.AddShapes(onnx, rules);
  }
  builder.AddShapes(preview, PreviewShapeRules());
  builder.AddShapes(training, TrainingShapeRules());
  builder.AddShapes(ml, ClassicMlShapeRules());
  builder.AddAliases(ms, MicrosoftShapeRuleAliases());
  builder.AddShapes(ms, MicrosoftShapeRules());
  builder.AddShapes(ms, GradientShapeRules());
  for (const auto& rules : {ArithmeticValueRules(), MovementValueRules(), SourceValueRules()}) {
    builder.AddValues(onnx, rules);
  }
  for (const auto& rules : {ProductSplitRules(), ElementwiseSplitRules(), LayoutSplitRules(),
                            AttentionSplitRules(), WindowSplitRules()}) {
    builder.AddSplits(rules);
  }
  for (const auto& rules : {ProductBackwardRules(), ElementwiseBackwardRules(),
                            ReductionBackwardRules(), MovementBackwardRules()}) {
    builder.AddBackward(rules);
  }
  return builder.Take();
}

}  // namespace

const Operators& BuiltinOperators() {
  static const Operators& operators = *new Operators(Build());
  return operators;
}

}  // namespace allot
