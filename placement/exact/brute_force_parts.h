// The oracles that everything else is tested against: exhaustive, and simple enough to trust.
#pragma once

#include <optional>

#include "placement/parts/parts.h"

namespace allot {

// The best solution at item level over all placements and all sequences of the devices, or nullopt
// if there is no feasible one. Only values below `cutoff` count. Exponential: about
// devices^items * items!, in calls (devices * calls)^items; spends at most `work` item evaluations
// and clears `complete` if that was not enough.
std::optional<Solution> BestByEnumeration(const PlacementProblem& problem,
                                          const ProblemGraph& graph, Picos cutoff, int64_t work,
                                          int64_t& spent, bool& complete);

// The best parts over all placements, all partitions of the items into acyclic parts of one device,
// and all sequences of the devices; nullopt if there is none. For up to 8 items.
std::optional<PartedSolution> BestParts(const PlacementProblem& problem, const ProblemGraph& graph);

}  // namespace allot
