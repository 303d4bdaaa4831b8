// One phase from nothing, and from what there is.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/rows/search/refine.h"

namespace allot::rows {

// How hard is searched.
struct Effort {
  int64_t starts = 32;           // greedy divisions of the coarsest level
  int64_t passes = 6;            // of refinement at each level
  int64_t steps = 60;            // of annealing for each cluster of rows of one kind
  int64_t most_annealed = 4096;  // clusters, beyond which nothing is annealed
  int64_t sweeps = 3;  // over all tensors, backward and forward in turn, while one gains 0.2 %
};

// A part for each row: rows of a kind are merged, then clusters that share nets, up to about six
// for a part (multilevel, as Karypis et al., DAC 1997); greedy starts; refined and annealed level
// by level. Limits hold, unless a repair after all levels finds no way.
std::vector<int32_t> DividePhase(const Phase& rows, const Effort& effort, Random& random,
                                 WorkMeter& work);

// Whether a division of many rows costs more than four fifths of one at random: then all divisions
// are about as good, and it is not worth it to look for a better one. O(nets of all rows).
bool HasNothingInCommon(const Phase& rows, const std::vector<int32_t>& part_of, Random& random);

// The same for rows that are in parts already: bundles of rows of one kind in one part are annealed
// gently, then rows refined. Never worse.
std::vector<int32_t> ImprovePhase(const Phase& rows, std::vector<int32_t> part_of,
                                  const Effort& effort, Random& random, WorkMeter& work);

// Leaves a division that keeps to the limits alone. Any other is repaired, or replaced by the
// packing with which the limits were found (PackRows()), refined.
void KeepLimits(const Phase& phase, std::vector<int32_t>& part_of, Random& random, WorkMeter& work);

}  // namespace allot::rows
