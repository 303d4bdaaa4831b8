// Large-neighbourhood search over windows: a few items are placed and ordered anew, exactly, while
// all others stay.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/bounds/path_bounds.h"
#include "placement/value/evaluator.h"

namespace allot {

// Improves `solution` for latency. Goes over windows of adjacent modules (module_of by item, in
// topological order of the quotient; larger ones in pieces) and of items that start one after the
// other, at most `window` items each, until a round changes nothing or `work` is spent. For each,
// what is not in the window runs before or after it as a whole; the search (sequence_search.h)
// minimises the end of the schedule with transfers that only delay, and what it finds counts only
// if the evaluator agrees. Never worse than the start. Adds to `spent`. O(items + flows) per
// window, besides the search.
Solution ImproveWindows(const PlacementProblem& problem, const ProblemGraph& graph,
                        const PathCosts& costs, Evaluator& evaluator, const Solution& solution,
                        const std::vector<int32_t>& module_of, int64_t window, int64_t work,
                        int64_t& spent);

}  // namespace allot
