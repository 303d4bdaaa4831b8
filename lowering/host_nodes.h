// Nodes that travel, in files that hold the whole model.
#pragma once

#include <vector>

#include "ir/graph.h"
#include "ir/plan.h"
#include "support/id.h"
#include "target/target.h"

namespace allot {

// By node, for files that hold each node once, the node whose place it takes: itself if it is
// placed; of one that travels, the first placed node that uses it, directly or through others.
// Invalid for Constant nodes, which readers turn into weights, and for what nobody uses. Linear.
IdVector<ir::NodeId, ir::NodeId> HostNodes(const ir::Graph& graph, const ir::Plan& plan);

// By node, for files that can hold a copy for each device: the devices of the placed nodes that use
// a node that travels, directly or through others, ascending; of a placed node its own. Linear but
// for sorting.
IdVector<ir::NodeId, std::vector<DeviceId>> DevicesOfCopies(const ir::Graph& graph,
                                                            const ir::Plan& plan);

}  // namespace allot
