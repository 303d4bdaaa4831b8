// Local search on what is promised to the user: the objective of launched parts.
#pragma once

#include <cstdint>

#include "placement/parts.h"
#include "placement/solver.h"

namespace allot {

// The best parts met on the way from `start`, never worse than it. Anneals over moves of items,
// clusters and parts between devices, and merges, splits and reorders parts, then merges what
// merges without loss. Where `start` does not fit into memory, the search repairs that first if it
// can. Spends at most about `work` item evaluations. The same arguments give the same result.
// `progress` is told of each better value and, at the end, of the work that was spent.
PartedSolution RefineParts(const PlacementProblem& problem, const ProblemGraph& graph,
                           const PartedSolution& start, int64_t work, uint64_t seed,
                           const ProgressHook& progress = nullptr);

}  // namespace allot
