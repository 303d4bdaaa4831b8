// Fewer parts for nearly the same value: what can be deployed and understood.
#pragma once

#include "placement/lanes/migration.h"
#include "placement/parts/parts.h"

namespace allot {

// Merges parts, and moves parts to the device of a neighbour where they become one with what runs
// there, as long as the objective stays at or below `limit`: in each step what saves most parts,
// then what costs least. With `part_price` the answer is the least PricedValue() on the way, else
// its end. Never more parts than `start`, which comes back where nothing can be saved or where it
// is infeasible. Deterministic. O(parts^2 * devices) evaluations at most, each linear in items and
// flows, and no further step after 64 million item evaluations; `work` grows by what they count.
// The price of `migration` counts
// as part of the objective.
PartedSolution SimplifyParts(const PlacementProblem& problem, const ProblemGraph& graph,
                             const PartedSolution& start, Picos limit, int64_t& work,
                             const Migration* migration = nullptr, int64_t part_price = 0);

}  // namespace allot
