#include "passes/problem/scenario_times.h"

#include "passes/nodes/scenario_works.h"
#include "passes/problem/cluster_problem.h"
#include "support/status.h"

namespace allot {

absl::StatusOr<std::vector<Picos>> ScenarioTimes(const ir::Module& module, const ir::Plan& plan,
                                                 const PassContext& context) {
  std::vector<Picos> times;
  ALLOT_ASSIGN_OR_RETURN(const auto works, Analysis<ScenarioWorks>(module, context));
  for (size_t s = 0; s < works->size(); ++s) {
    PassContext sized = context;
    sized.dims = context.scenarios[s].dims;
    sized.scenarios.clear();
    sized.analyses = nullptr;
    ir::Plan alone = plan;
    alone.features = (*works)[s].work.features;
    alone.value_bytes = (*works)[s].work.value_bytes;
    ALLOT_ASSIGN_OR_RETURN(const BuiltProblem built, BuildClusterProblem(module, alone, sized),
                           "scenario '", context.scenarios[s].name, "': ");
    if (built.problem.items.empty()) {
      times.push_back(0);
      continue;
    }
    const Lanes lanes = PlannedLanes(plan);
    const PartedSolution& first = lanes.lanes[0];
    times.push_back(lanes.lanes.size() > 1
                        ? EvaluateLanes(built.problem, lanes).period
                        : EvaluateParts(built.problem, first.items, first.parts).objective);
  }
  return times;
}

}  // namespace allot
