// A placement problem, its adjacency, and what of the model it is about.
#pragma once

#include <vector>

#include "ir/graph.h"
#include "placement/problem/problem.h"
#include "support/id.h"

namespace allot {

// What a problem's ids stand for: item i is the i-th group of nodes; flow f is values[f].
struct BuiltProblem {
  PlacementProblem problem;
  ProblemGraph graph;  // of the problem; flags of the problem do not change it
  IdVector<ItemId, std::vector<ir::NodeId>> nodes;  // ascending
  IdVector<FlowId, ir::ValueId> values;
};

}  // namespace allot
