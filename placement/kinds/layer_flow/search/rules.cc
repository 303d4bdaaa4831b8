#include "placement/kinds/layer_flow/search/rules.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace allot {

LayerPlacement PetalsPlacement(const LayerFlowProblem& problem) {
  LayerPlacement placement;
  std::vector<int64_t> rates(static_cast<size_t>(problem.layers), 0);
  for (size_t i = 0; i < problem.servers.size(); ++i) {
    const int32_t most = MostLayers(problem, i);
    const auto layers = static_cast<std::ptrdiff_t>(most);
    std::vector<int64_t> least, sorted;
    int32_t best = 0;
    for (int32_t first = 0; first + most <= problem.layers; ++first) {
      sorted.assign(rates.begin() + first, rates.begin() + first + layers);
      std::sort(sorted.begin(), sorted.end());
      if (first > 0 && sorted >= least) continue;
      least = sorted;
      best = first;
    }
    placement.push_back({best, most});
    for (int32_t layer = best; layer < best + most; ++layer) {
      rates[static_cast<size_t>(layer)] +=
          problem.servers[i].throughput[static_cast<size_t>(most) - 1];
    }
  }
  return placement;
}

LayerPlacement SwarmPlacement(const LayerFlowProblem& problem) {
  int32_t most = problem.layers;
  for (size_t i = 0; i < problem.servers.size(); ++i) {
    most = std::min(most, MostLayers(problem, i));
  }
  const int32_t stages = (problem.layers + most - 1) / most;
  std::vector<int64_t> rates(static_cast<size_t>(stages), 0);
  LayerPlacement placement;
  for (const FlowServer& server : problem.servers) {
    const auto least = std::min_element(rates.begin(), rates.end()) - rates.begin();
    const auto cut = [&](int64_t stage) {
      return static_cast<int32_t>(stage * problem.layers / stages);
    };
    const LayerInterval interval{cut(least), cut(least + 1) - cut(least)};
    rates[static_cast<size_t>(least)] +=
        server.throughput[static_cast<size_t>(interval.layers) - 1];
    placement.push_back(interval);
  }
  return placement;
}

}  // namespace allot
