#include "operators/values/value_rules.h"

namespace allot {

ValueRuleTable::ValueRuleTable() {
  for (const auto& rules : {ArithmeticValueRules(), MovementValueRules(), SourceValueRules()}) {
    for (const ValueRuleEntry& entry : rules) rules_[entry.op_type] = entry.rule;
  }
}

ValueRule ValueRuleTable::Find(absl::string_view domain, const std::string& op_type) const {
  if (!domain.empty() && domain != "ai.onnx") return nullptr;
  const auto found = rules_.find(op_type);
  return found == rules_.end() ? nullptr : found->second;
}

std::optional<std::vector<int64_t>> TrackedDims(RuleContext& context, size_t i) {
  if (i >= context.results().size()) return std::nullopt;
  const ir::Type& type = context.results()[i];
  if (!type.is_ranked_tensor() || !IsTracked(type.element)) return std::nullopt;
  return TrackableDims(*type.shape);
}

}  // namespace allot
