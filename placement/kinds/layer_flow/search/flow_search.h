// The search for a placement of layers: first by rules, then stages of servers for higher and
// higher rates, until a bound is met or the work is spent.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "placement/kinds/layer_flow/bounds/rate_bound.h"
#include "placement/kinds/layer_flow/value/problem.h"

namespace allot {

struct FlowSearchLimits {
  int64_t work = 0;
  uint64_t seed = 1;
  std::function<bool()> stop;                                // may be empty
  std::function<void(int64_t rate, int64_t work)> improved;  // may be empty
  // Asked of a rate that is nearly `most`: whether none is higher. May be empty.
  std::function<bool(int64_t rate)> is_best;
};

struct FlowSearchResult {
  LayerPlacement placement;
  int64_t rate = -1;
  int64_t work = 0;
  std::string finder;  // of the placement: "stages"
};

// `most`: a rate that is proved to be the highest there can be at most; reaching it ends the
// search.
FlowSearchResult SearchFlow(const LayerFlowProblem& problem, int64_t most,
                            const FlowSearchLimits& limits);

}  // namespace allot
