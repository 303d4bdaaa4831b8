#include "tests/models/random_layer_flow.h"

#include <algorithm>
#include <vector>

#include "support/random.h"

namespace allot::testing {

LayerFlowProblem RandomLayerFlow(uint64_t seed, const RandomLayerFlowOptions& options) {
  Random random(seed);
  LayerFlowProblem problem;
  problem.layers = options.layers;
  problem.max_round_trip = options.max_round_trip;
  std::vector<FlowServer> types(static_cast<size_t>(options.types));
  for (FlowServer& type : types) {
    const int64_t most = random.Between(1, options.layers);
    const int64_t speed = random.Between(20, 100);
    for (int64_t k = 1; k <= most; ++k) {
      type.throughput.push_back((speed / k + random.Below(6)) * kTokenRate + random.Below(1000));
      if (options.kv) type.kv_capacity.push_back(random.Between(1, 50));
    }
  }
  for (int32_t i = 0; i < options.servers; ++i) {
    problem.servers.push_back(types[static_cast<size_t>(random.Below(options.types))]);
  }
  const auto add = [&](int32_t from, int32_t to) {
    if (random.Below(100) >= options.percent_links) return;
    const int64_t capacity =
        options.wide_links ? 1'000'000 * kTokenRate : random.Between(0, 60) * kTokenRate;
    problem.links.push_back({from, to, capacity});
  };
  for (int32_t i = 0; i < options.servers; ++i) {
    add(kFlowSource, i);
    add(i, kFlowSink);
    for (int32_t j = 0; j < options.servers; ++j) {
      if (i != j) add(i, j);
    }
  }
  if (options.kv) problem.kv = KvModel{random.Between(1, 4), random.Between(1, 300) * 1'000'000};
  return problem;
}

LayerPlacement RandomLayerPlacement(const LayerFlowProblem& problem, uint64_t seed) {
  Random random(seed + 1'000'003);
  LayerPlacement placement;
  std::vector<int32_t> ends = {0};
  for (size_t i = 0; i < problem.servers.size(); ++i) {
    const auto layers =
        static_cast<int32_t>(random.Between(1, std::min(MostLayers(problem, i), problem.layers)));
    int32_t first = ends[static_cast<size_t>(random.Below(static_cast<int64_t>(ends.size())))];
    if (first + layers > problem.layers) first = problem.layers - layers;
    placement.push_back({first, layers});
    ends.push_back(first + layers);
  }
  return placement;
}

}  // namespace allot::testing
