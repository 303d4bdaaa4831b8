#include "design/search/layer_cuts.h"

#include <algorithm>
#include <cmath>

namespace allot::design {

std::vector<int64_t> LayerCuts::MostBehind(int64_t memory_gib, bool recompute) const {
  constexpr double kGib = 1073741824.0;
  std::vector<int64_t> most;
  for (const Memory& memory : memory_) {
    const double left = static_cast<double>(memory_gib) * kGib - memory.state - memory.results;
    const double kept = !IsTraining() ? 0 : recompute ? memory.received : memory.results;
    const auto all = static_cast<double>(layers_);
    most.push_back(left < 0 ? 0
                            : static_cast<int64_t>(
                                  kept <= 0 ? all : std::min(all, 1 + std::floor(left / kept))));
  }
  return most;
}

std::unique_ptr<LayerCuts> MakeLayerCuts(const Question& question, const LayerGraph& graph,
                                         const Share& share) {
  return graph.is_chain() ? MakeChainCuts(question, graph, share)
                          : MakeBranchCuts(question, graph, share);
}

}  // namespace allot::design
