// A division of all tensors: forward, phase by phase, then sweeps that look both ways.
#pragma once

#include <cstdint>

#include "placement/kinds/rows/search/divide_phase.h"
#include "placement/solver.h"

namespace allot::rows {

struct Divided {
  Division division;
  int64_t work = 0;
};

// Every tensor is divided with what it reads where that is, as if nobody read it (or all of them
// cyclically, where that is better); then again and again, with readers known, which makes the sum
// smaller at every step or leaves it. Limits hold. Networks most of whose layers have
// nothing to gain (HasNothingInCommon()) are not gone through again. The same problem, effort, work
// and seed give the same division.
Divided Divide(const Problem& problem, const Effort& effort, const SolveLimits& limits);

// Puts the neurons of inputs of the network where they are at home, or else where that costs least:
// into a part that reads them.
void PlaceInputs(const Problem& problem, Division& division);

}  // namespace allot::rows
