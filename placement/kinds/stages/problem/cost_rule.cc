#include "placement/kinds/stages/problem/cost_rule.h"

namespace allot {

absl::string_view CostRuleName(CostRule rule) {
  return rule == CostRule::kPipeDream ? "pipedream" : "piper";
}

std::optional<CostRule> ParseCostRule(absl::string_view name) {
  for (const CostRule rule : {CostRule::kPipeDream, CostRule::kPiper}) {
    if (name == CostRuleName(rule)) return rule;
  }
  return std::nullopt;
}

CostRuleFacts FactsOf(CostRule rule) {
  CostRuleFacts facts;
  if (rule == CostRule::kPiper) {
    facts.transfers = facts.replicas_divide = facts.update_per_batch = true;
  }
  return facts;
}

ReplicaWeights WeightsOf(CostRule rule, int64_t replicas) {
  return rule == CostRule::kPipeDream ? PipeDreamWeights(replicas) : PiperWeights(replicas);
}

}  // namespace allot
