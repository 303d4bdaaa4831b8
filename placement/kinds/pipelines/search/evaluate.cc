#include "placement/kinds/pipelines/search/evaluate.h"

#include <algorithm>

#include "placement/kinds/pipelines/search/data_degree.h"
#include "placement/kinds/pipelines/search/stage_cost.h"

namespace allot::pipelines {

int64_t Evaluate(const Problem& problem, const Plan& plan) {
  const auto width = std::find_if(problem.widths.begin(), problem.widths.end(),
                                  [&](const Width& each) { return each.devices == plan.tensor; });
  if (width == problem.widths.end() || plan.stages.empty()) return 0;  // keeps no rule
  StageCoster coster(problem, *width);
  int64_t load = 0;
  for (size_t at = 0; at < plan.stages.size(); ++at) {
    const StageCost cost = coster.Cost(plan.stages[at].layers);
    load = std::max(load, at + 1 == plan.stages.size() ? cost.last_load : cost.other_load);
  }
  const int64_t update = coster.Cost(plan.stages[0].layers).update;
  return BatchTicks(load, static_cast<int64_t>(plan.stages.size()), update, problem.microbatches,
                    plan.data);
}

}  // namespace allot::pipelines
