// Parts: items of one device that run together as one call. Each launch costs its device's
// part_cost; a part starts when all its inputs are there and delivers when it ends. Parts form a
// DAG.
#pragma once

#include "placement/value/evaluate.h"

namespace allot {

// Dense part ids in launch order: a topological order of the quotient.
struct Partition {
  IdVector<ItemId, ItemId> part_of;
  size_t num_parts = 0;
};

struct PartedSolution {
  Solution items;
  Partition parts;
  Score score;  // at part level: of the contracted problem with launches
};

// Few parts for a placement: starts from maximal runs that can be one call without anyone waiting
// for it, and from the fewest steps, and merges neighbours on a device while the objective does not
// get worse; fewest parts on ties. `solution` need not be feasible. Deterministic. `effort` bounds
// the number of evaluations, each linear in items and flows.
PartedSolution FormParts(const PlacementProblem& problem, const ProblemGraph& graph,
                         const Solution& solution, int64_t effort);

// The part-level score of given parts. Parts that are spread over devices or not numbered in launch
// order are infeasible, with the largest possible objective; more parts on a device than it may
// have are infeasible, too. Ids must be in range.
Score EvaluateParts(const PlacementProblem& problem, const Solution& solution,
                    const Partition& parts);

}  // namespace allot
