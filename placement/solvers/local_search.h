// Search among the neighbours of a solution.
#pragma once

#include <cstdint>

#include "placement/evaluator.h"

namespace allot {

// The best solution met on the way from `start`, never worse than it. Simulated annealing over
// moves of one item, of a connected cluster, of two items that change places, and of an item in the
// order, then descent to where no single move helps. `start` must be topological but may be
// infeasible: the search repairs it first if it can. Spends at most about `work` item evaluations;
// adds them to `spent`.
Solution SearchLocally(const PlacementProblem& problem, const ProblemGraph& graph,
                       Evaluator& evaluator, const Solution& start, int64_t work, uint64_t seed,
                       int64_t& spent);

}  // namespace allot
