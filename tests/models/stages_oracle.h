// Two slow ways to plan a pipeline, to compare others with.
#pragma once

#include <cstdint>
#include <optional>

#include "placement/kinds/stages/problem/problem.h"

namespace allot::testing {

// The least value that VerifyStages() gives any plan; nullopt if it rejects all. Tries every one:
// for a handful of layers.
std::optional<int64_t> BestOfAllPlans(const StagesProblem& problem);

// Piper as it is published: a table of the best period for each downset, number of devices and sum
// of replicas, filled in floating point from the definitions, with the greedy rule for variants:
// all fastest, then the best ratio of time to memory first until it fits. Seconds; nullopt if
// nothing fits. Takes two variants for each width at most, as Piper does.
std::optional<double> StraightforwardPiper(const StagesProblem& problem);

}  // namespace allot::testing
