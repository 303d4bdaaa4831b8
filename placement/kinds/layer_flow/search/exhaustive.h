// All placements of layers, one after the other.
#pragma once

#include <cstdint>
#include <optional>

#include "placement/kinds/layer_flow/value/problem.h"

namespace allot {

// How many there are; no more than `most` + 1.
int64_t CountPlacements(const LayerFlowProblem& problem, int64_t most);

struct BestPlacement {
  LayerPlacement placement;
  int64_t rate = 0;
  int64_t work = 0;
};

// The first of the best.
BestPlacement TryAllPlacements(const LayerFlowProblem& problem);

}  // namespace allot
