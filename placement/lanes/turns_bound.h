// What placements that take turns load some device with, launches counted.
//
// For weights lambda >= 0 of devices with sum L, each placement uses some set S of devices and
// launches at least once on each of them, so
//   L * P >= min over S of sum_{d in S} lambda_d o_d + sum over rows of min_{d in S} lambda_d p_rd
// for the period P of any mixture of placements, and so for a single one, too. Devices with the
// same times and launches weigh the same, and of each such kind one is enough.
//
// A path of the graph says more. Where it leaves a device and comes back, the items before and
// after are in different parts, since parts are acyclic; so each stretch of a path on one kind of
// device is a launch of its own, and of the rows on the path
//   the least sum of lambda_d p_rd over its rows and of lambda_d o_d over its stretches
// is found by Viterbi's algorithm. Small operators that would each rather be elsewhere pay for it.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/bounds/load_bound.h"

namespace allot {

// The items of a problem as rows, for paths.
struct RowGraph {
  std::vector<int32_t> topological;           // items
  std::vector<int32_t> row;                   // by item; -1: it shares its row with others
  std::vector<int32_t> before_begin, before;  // predecessors, by place in `topological`
};
RowGraph MakeRowGraph(const PlacementProblem& problem, const ProblemGraph& graph);

// `launch`: by device, what it carries once per part. Weights come from a linear
// program over the loads met so far (Kelley's cutting planes, in floating point); what they prove
// is worked out in whole numbers. Rounds of O(rows * kinds^2 * sets) as far as `work` reaches.
// Beyond six kinds of devices all rows may use every device, and launches count along the path.
Picos BoundTurns(const LoadRows& rows, const RowGraph& graph, const std::vector<Picos>& launch,
                 int64_t work);

}  // namespace allot
