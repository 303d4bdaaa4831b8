// Search among the neighbours of a solution.
#pragma once

#include <cstdint>

#include "placement/solver.h"
#include "placement/value/evaluator.h"

namespace allot {

// What follows once it has cooled down: a descent to where no single move helps, or nothing.
enum class Finish { kDescent, kNone };

// The best solution met on the way from `start`, never worse than it. Simulated annealing over
// moves of one item, of a connected cluster, of two items that change places, and of an item in the
// order, then `finish`. `start` must be topological but may be
// infeasible: the search repairs it first if it can. Spends at most about `work` item evaluations;
// adds them to `spent`.
Solution SearchLocally(const PlacementProblem& problem, const ProblemGraph& graph,
                       Evaluator& evaluator, const Solution& start, int64_t work, uint64_t seed,
                       int64_t& spent, Finish finish = Finish::kDescent);

// The same from several starts, the incumbent, HEFT's solutions and single devices: `restarts` runs
// that share the work, the first from the best of the starts, the others from the next in turn.
SolveResult SearchFromStarts(const SolveInput& input, int64_t restarts, Finish finish);

}  // namespace allot
