// Orders of the nodes in which edges lead forwards, for slices.h to cut.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/chips/model/compiled.h"
#include "support/random.h"

namespace allot::chips {

// Depth first against the edges, from the sinks: what a node reads comes right before it, and
// sources late. `detour` is how often what a node reads is visited in a random order rather than
// that of the numbers; 0 draws nothing. O(n + m).
std::vector<int32_t> LateSources(const Compiled& problem, double detour, Random& random);

// Depth first along the edges: a branch is followed to its end.
std::vector<int32_t> BranchByBranch(const Compiled& problem);

// Of the nodes that are ready always the one with the smallest key; ties to the smaller number.
std::vector<int32_t> ByKeys(const Compiled& problem, const std::vector<double>& keys);

}  // namespace allot::chips
