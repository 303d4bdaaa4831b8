// Nodes that travel, in files that hold the whole model: each node is there once, in one place.
#pragma once

#include "ir/graph.h"
#include "ir/plan.h"
#include "support/id.h"

namespace allot {

// By node, the node whose place it takes in such a file: itself if it is placed; of one that
// travels, the first placed node that uses it, directly or through others. Invalid for Constant
// nodes, which readers turn into weights, and for what nobody uses. Linear.
IdVector<ir::NodeId, ir::NodeId> HostNodes(const ir::Graph& graph, const ir::Plan& plan);

}  // namespace allot
