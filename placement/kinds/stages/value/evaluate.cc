#include "placement/kinds/stages/value/evaluate.h"

#include <algorithm>
#include <vector>

namespace allot {

int64_t EvaluateStages(CostRule rule, const CompiledStages& stages, const StagePlan& plan) {
  std::vector<int32_t> stage_of(stages.variants.size(), -1);
  for (size_t i = 0; i < plan.size(); ++i) {
    for (const int32_t v : plan[i].layers)
      stage_of[static_cast<size_t>(v)] = static_cast<int32_t>(i);
  }
  int64_t period = 0;
  for (size_t i = 0; i < plan.size(); ++i) {
    const auto at = std::lower_bound(stages.widths.begin(), stages.widths.end(), plan[i].width);
    const auto width = static_cast<size_t>(at - stages.widths.begin());
    const auto outside = [&](int32_t v) {
      return stage_of[static_cast<size_t>(v)] != static_cast<int32_t>(i);
    };
    int64_t time = 0, update = 0;
    for (size_t j = 0; j < plan[i].layers.size(); ++j) {
      const auto v = static_cast<size_t>(plan[i].layers[j]);
      const CompiledVariant& variant =
          stages.variants[v][width][static_cast<size_t>(plan[i].variants[j])];
      time += variant.time;
      update += variant.update;
      for (const auto& [other, ticks] : variant.syncs) time += outside(other) ? ticks : 0;
      for (const auto& [other, ticks] : stages.links[v]) time += outside(other) ? ticks : 0;
    }
    period = std::max(period, LoadOf(WeightsOf(rule, plan[i].replicas), time, update));
  }
  return period;
}

}  // namespace allot
