// A machine of equals in equal groups, each of which serves whole inferences.
//
// A search over all devices at once rarely finds that two halves of a machine do best by working
// apart. What is found for one group serves all of them, and a group is a smaller machine, in which
// a search settles sooner and depends less on its seed.
#pragma once

#include <vector>

#include "placement/refinement/search_parts.h"

namespace allot {

// Of each division of the devices into 2, 3, ... groups alike the best placements found for one
// group, with regard to the number of parts and without: the first members of each class of equals
// (device_symmetry.h), as many as each group has. Begins with the best ranges of the group and
// searches as `options` says; devices that do not divide are left out. Empty where nothing divides.
// Requires a throughput problem. Deterministic. `work` grows by what was spent.
std::vector<PartedSolution> SearchGroups(const PlacementProblem& problem, const ProblemGraph& graph,
                                         const PartSearchOptions& options, int64_t& work);

}  // namespace allot
