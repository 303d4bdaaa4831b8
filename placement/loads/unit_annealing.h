// Annealing for loads: moves of units, swaps and clusters, millions a second, on a sum of powers of
// all loads. The power makes the largest loads count most without hiding that others have fallen,
// which a plain maximum does: it is flat wherever two devices are about equally busy.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/loads/load_model.h"

namespace allot {

struct AnnealedLoads {
  bool feasible = false;        // within resident memory, and all routes exist
  Picos value = 0;              // the largest load
  std::vector<int32_t> device;  // by unit
};

// All of these are deterministic, spend about `work` flow ends visited, and add them to `spent`.

// From `start` (by unit, allowed devices) with the heat to leave it; never worse than it.
AnnealedLoads AnnealLoads(const LoadModel& model, const std::vector<int32_t>& start, int64_t work,
                          uint64_t seed, int64_t& spent);

// Little heat: what is good about `start` stays. Never worse than it.
AnnealedLoads RefineLoads(const LoadModel& model, const std::vector<int32_t>& start, int64_t work,
                          uint64_t seed, int64_t& spent);

// From nothing, on two levels: anneals units joined along heavy flows, then refines what comes of
// it. How far they are joined differs from seed to seed, up to what takes `target` to run.
AnnealedLoads AnnealCoarsely(const LoadModel& model, Picos target, int64_t work, uint64_t seed,
                             int64_t& spent);

}  // namespace allot
