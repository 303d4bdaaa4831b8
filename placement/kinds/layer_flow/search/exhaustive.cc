#include "placement/kinds/layer_flow/search/exhaustive.h"

#include <utility>

#include "placement/kinds/layer_flow/value/evaluate.h"

namespace allot {
namespace {

// The next interval of a server, or false and its first one.
bool Next(const LayerFlowProblem& problem, size_t server, LayerInterval& interval) {
  ++interval.first;
  if (interval.end() <= problem.layers) return true;
  interval.first = 0;
  ++interval.layers;
  if (interval.layers <= MostLayers(problem, server)) return true;
  interval = {0, 1};
  return false;
}

}  // namespace

int64_t CountPlacements(const LayerFlowProblem& problem, int64_t most) {
  int64_t count = 1;
  for (size_t i = 0; i < problem.servers.size(); ++i) {
    int64_t intervals = 0;
    for (int32_t k = 1; k <= MostLayers(problem, i); ++k) intervals += problem.layers - k + 1;
    if (count > most / intervals) return most + 1;
    count *= intervals;
  }
  return count;
}

BestPlacement TryAllPlacements(const LayerFlowProblem& problem) {
  FlowEvaluator evaluator(problem);
  LayerPlacement placement(problem.servers.size(), LayerInterval{0, 1});
  BestPlacement best{placement, evaluator.Rate(placement)};
  for (size_t i = 0; i < placement.size();) {
    if (!Next(problem, i, placement[i])) {
      ++i;
      continue;
    }
    i = 0;
    if (const int64_t rate = evaluator.Rate(placement); rate > best.rate) {
      best.placement = placement;
      best.rate = rate;
    }
  }
  best.work = evaluator.work();
  return best;
}

}  // namespace allot
