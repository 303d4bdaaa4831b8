#include "operators/shapes/shape_rules.h"

#include "support/check.h"

namespace allot {
namespace {

void AddAll(absl::Span<const ShapeRuleEntry> entries,
            std::unordered_map<std::string, ShapeRule>& rules) {
  for (const ShapeRuleEntry& entry : entries) rules[entry.op_type] = entry.rule;
}

}  // namespace

ShapeRuleTable::ShapeRuleTable() {
  AddAll(ElementwiseShapeRules(), onnx_);
  AddAll(WindowShapeRules(), onnx_);
  AddAll(MatrixShapeRules(), onnx_);
  AddAll(ReductionShapeRules(), onnx_);
  AddAll(NormalizationShapeRules(), onnx_);
  AddAll(ReshapeShapeRules(), onnx_);
  AddAll(LayoutShapeRules(), onnx_);
  AddAll(IndexingShapeRules(), onnx_);
  AddAll(CreationShapeRules(), onnx_);
  AddAll(SequenceModelShapeRules(), onnx_);
  AddAll(QuantizationShapeRules(), onnx_);
  AddAll(ContainerShapeRules(), onnx_);
  AddAll(VisionShapeRules(), onnx_);
  AddAll(SignalAndTextShapeRules(), onnx_);
  AddAll(LossShapeRules(), onnx_);
  AddAll(PreviewShapeRules(), preview_);
  AddAll(TrainingShapeRules(), training_);
  AddAll(ClassicMlShapeRules(), ml_);
  for (const ShapeRuleAlias& alias : MicrosoftShapeRuleAliases()) {
    const auto rule = onnx_.find(alias.onnx_op_type);
    ALLOT_CHECK(rule != onnx_.end());
    microsoft_[alias.op_type] = rule->second;
  }
  AddAll(MicrosoftShapeRules(), microsoft_);
}

ShapeRule ShapeRuleTable::Find(absl::string_view domain, const std::string& op_type) const {
  const ByName* rules = nullptr;
  if (domain.empty() || domain == "ai.onnx") rules = &onnx_;
  if (domain == "ai.onnx.ml") rules = &ml_;
  if (domain == "ai.onnx.preview") rules = &preview_;
  if (domain == "ai.onnx.preview.training") rules = &training_;
  if (domain == "com.microsoft") rules = &microsoft_;
  if (rules == nullptr) return nullptr;
  const auto found = rules->find(op_type);
  return found == rules->end() ? nullptr : found->second;
}

}  // namespace allot
