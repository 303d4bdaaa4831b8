// Small problems of the kind rows for tests of it.
#pragma once

#include <cstdint>

#include "placement/kinds/rows/model/problem.h"

namespace allot::testing {

struct RandomRowsOptions {
  int32_t parts = 2, layers = 2, most_neurons = 5;
  int32_t percent_nonzero = 40;
  int32_t percent_equal = 30;  // rows that are like the one before
  int32_t percent_more = 30;   // layers that also read one further back
  bool unlike = false;         // speeds, costs of links, words and weights differ
};

// The same everywhere for a seed. Some rows are empty, some columns are read by nobody.
rows::Problem RandomRows(uint64_t seed, const RandomRowsOptions& options = {});

}  // namespace allot::testing
