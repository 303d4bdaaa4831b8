#include "tests/models/best_layer_placement.h"

#include <algorithm>

#include "placement/kinds/layer_flow/value/evaluate.h"

namespace allot::testing {

int64_t BestLayerFlow(const LayerFlowProblem& problem) {
  FlowEvaluator evaluator(problem);
  LayerPlacement placement(problem.servers.size(), LayerInterval{0, 1});
  int64_t best = 0;
  // Counts through all intervals of all servers.
  for (size_t i = 0; i < placement.size();) {
    best = std::max(best, evaluator.Rate(placement));
    for (i = 0; i < placement.size(); ++i) {
      LayerInterval& interval = placement[i];
      if (++interval.first + interval.layers <= problem.layers) break;
      interval.first = 0;
      if (++interval.layers <= MostLayers(problem, i)) break;
      interval.layers = 1;
    }
  }
  return best;
}

}  // namespace allot::testing
