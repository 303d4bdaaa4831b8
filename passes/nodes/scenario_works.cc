#include "passes/nodes/scenario_works.h"

#include <algorithm>
#include <utility>

#include "support/status.h"

namespace allot {

absl::StatusOr<std::vector<WeightedWork>> ScenarioWorks::Make(const ir::Module& module,
                                                              const PassContext& context) {
  std::vector<WeightedWork> works;
  for (const Scenario& scenario : context.scenarios) {
    PassContext sized = context;
    sized.dims = scenario.dims;
    sized.analyses = nullptr;
    ALLOT_ASSIGN_OR_RETURN(OperatorWork work, GraphWork::Make(module, sized), "scenario '",
                           scenario.name, "': ");
    works.push_back({std::move(work), scenario.weight});
  }
  return works;
}

OperatorWork LargestWork(const std::vector<WeightedWork>& works) {
  OperatorWork largest = works.front().work;
  for (const auto& [work, weight] : works) {
    for (const ir::NodeId node : largest.features.ids()) {
      OpFeatures& features = largest.features[node];
      const OpFeatures& other = work.features[node];
      features.flops = std::max(features.flops, other.flops);
      features.read = std::max(features.read, other.read);
      features.written = std::max(features.written, other.written);
      features.launches = std::max(features.launches, other.launches);
    }
    for (const ir::ValueId value : largest.value_bytes.ids()) {
      largest.value_bytes[value] = std::max(largest.value_bytes[value], work.value_bytes[value]);
    }
    largest.unknown_dims = std::max(largest.unknown_dims, work.unknown_dims);
    if (largest.misfit.empty()) largest.misfit = work.misfit;
  }
  return largest;
}

int64_t InferencesOfRound(const std::vector<WeightedWork>& works) {
  int64_t sum = 0;
  for (const WeightedWork& work : works) sum = SaturatingAdd(sum, work.weight);
  return std::max<int64_t>(sum, 1);
}

}  // namespace allot
