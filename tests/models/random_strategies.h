// Small problems of the kind strategies for tests of it.
#pragma once

#include <cstdint>

#include "placement/kinds/strategies/model/problem.h"

namespace allot::testing {

struct RandomStrategiesOptions {
  int32_t nodes = 7, most_strategies = 4;
  int32_t edges = 9;           // some parallel, some loops
  int32_t percent_equal = 20;  // of edges that forbid all but pairs that follow from each other
  int32_t percent_forbidden = 10;
  int32_t percent_of_usage = 60;  // the limit, between the least and the most that can be used
};

// The same everywhere for a seed. May have no answer.
strategies::Problem RandomStrategies(uint64_t seed, const RandomStrategiesOptions& options = {});

}  // namespace allot::testing
