// Small problems of the kind chips for tests of it.
#pragma once

#include <cstdint>

#include "placement/kinds/chips/model/problem.h"

namespace allot::testing {

struct RandomChipsOptions {
  int32_t nodes = 6, chips = 3;
  int32_t percent_edges = 35;  // of all pairs
  bool copies = false, memory = false;
  chips::Topology topology = chips::Topology::kOneWayRing;
};

// The same everywhere for a seed.
chips::Problem RandomChips(uint64_t seed, const RandomChipsOptions& options = {});

}  // namespace allot::testing
