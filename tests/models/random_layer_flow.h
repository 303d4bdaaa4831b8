// Small random problems of layers over servers, and placements that keep the rules.
#pragma once

#include <cstdint>

#include "placement/kinds/layer_flow/value/problem.h"

namespace allot::testing {

struct RandomLayerFlowOptions {
  int32_t layers = 4;
  int32_t servers = 3;
  int32_t types = 2;           // tables of throughput; they need not fall
  int32_t percent_links = 80;  // of all pairs
  bool wide_links = false;     // links that carry whatever servers pass
  int32_t max_round_trip = 0;
  bool kv = false;
};

LayerFlowProblem RandomLayerFlow(uint64_t seed, const RandomLayerFlowOptions& options);

// Intervals that often follow each other.
LayerPlacement RandomLayerPlacement(const LayerFlowProblem& problem, uint64_t seed);

}  // namespace allot::testing
