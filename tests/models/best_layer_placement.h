// The best placement of layers by trying all: for problems of a few servers and layers.
#pragma once

#include "placement/kinds/layer_flow/value/problem.h"

namespace allot::testing {

// The highest rate, in nano-tokens per second.
int64_t BestLayerFlow(const LayerFlowProblem& problem);

}  // namespace allot::testing
