// What two searches have found, in one: stretches of one answer put into the other.
#pragma once

#include <cstdint>

#include "placement/lanes/migration.h"
#include "placement/parts/parts.h"

namespace allot {

// Puts stretches of `other`, along the topological order, into `best` while that makes it better;
// never worse than `best`. Independent runs arrange the blocks of a graph differently, and each is
// good in other blocks. A stretch goes from one narrow place of the graph to another, of up to 32;
// all pairs of them are tried, the longest first, until none helps or `work` item evaluations are
// spent. With `migration` its price is part of the objective; parts beyond `max_parts` (0: any
// number) are violations. Deterministic.
PartedSolution CombineParts(const PlacementProblem& problem, const ProblemGraph& graph,
                            const PartedSolution& best, const PartedSolution& other, int64_t work,
                            const Migration* migration = nullptr, int64_t max_parts = 0);

}  // namespace allot
