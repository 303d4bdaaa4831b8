// The work of a model in each of the scenarios that share a placement.
#pragma once

#include <vector>

#include "passes/nodes/operator_work.h"

namespace allot {

struct WeightedWork {
  OperatorWork work;
  int64_t weight = 1;
};

// In the order of PassContext::scenarios; empty without any. As GraphWork, once for each.
struct ScenarioWorks {
  using Result = std::vector<WeightedWork>;
  static constexpr ir::PlanStage kReads = ir::PlanStage::kGraph;
  static absl::StatusOr<Result> Make(const ir::Module& module, const PassContext& context);
};

// What all scenarios need of a device: of every operator and tensor the largest numbers.
OperatorWork LargestWork(const std::vector<WeightedWork>& works);

// How many inferences a round has; 1 without scenarios.
int64_t InferencesOfRound(const std::vector<WeightedWork>& works);

}  // namespace allot
