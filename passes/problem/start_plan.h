// A plan that is there already, handed in to be improved on: by names, as a file says it, and for
// the clusters of a model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "ir/module.h"
#include "ir/plan.h"
#include "passes/coarsening/node_groups.h"
#include "placement/lanes/lanes.h"
#include "support/diagnostics.h"
#include "target/target.h"

namespace allot {

struct StartPlan {
  struct Lane {
    int64_t share = 1;
    std::vector<std::string> devices;  // by part, in launch order
  };
  struct Node {
    std::string name;
    std::vector<int32_t> part;  // by lane; -1: in none
  };
  std::string file;  // where it comes from, for messages
  std::vector<Lane> lanes;
  std::vector<Node> nodes;  // in the order of the model that it was made for
};

// By node, its part in each lane; empty for nodes that the plan does not know. Nodes are matched by
// name, those of one name in their order.
IdVector<ir::NodeId, std::vector<int32_t>> PartsAtStart(const StartPlan& start,
                                                        const ir::Graph& graph);

// Divides groups so that none lies in several parts of the start, as far as `finest`, which is not
// divided, allows. `divided` counts those of the latter that the start has torn apart.
NodeGrouping DivideByStart(const StartPlan& start, const ir::Graph& graph,
                           const IdVector<ir::NodeId, bool>& placed, const NodeGrouping& groups,
                           const NodeGroups& finest, int64_t& divided);

// The start as lanes of a problem whose items are the plan's clusters, scored. What it does not
// know, or where its device is gone or cannot run it, goes with a neighbour or where it is fastest.
// Empty where it does not fit into memory. Needs clusters.
Lanes LanesAtStart(const StartPlan& start, const ir::Module& module, const ir::Plan& plan,
                   const Target& target, const PlacementProblem& problem,
                   const ProblemGraph& graph);

// The value of lanes for the problem's objective.
Picos ValueOf(const PlacementProblem& problem, const Lanes& lanes);

}  // namespace allot
