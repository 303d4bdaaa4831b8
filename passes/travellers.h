// Nodes that are copied into every part that uses them: no item of any problem, and no cluster.
#pragma once

#include <vector>

#include "absl/types/span.h"

#include "ir/module.h"
#include "ir/plan.h"
#include "passes/device_constraints.h"
#include "support/id.h"

namespace allot {

// By node of the graph: whether it should travel with its users. So do
//  - Constant nodes;
//  - constant work (analysis/constant_work.h) that several placed nodes use, directly or through
//    other such work, if it can run wherever any of them can. What only one node uses is placed,
//    and coarsening puts it there.
// What no placed node uses, but is an output of the graph, is placed: it has to come from
// somewhere. Linear.
IdVector<ir::NodeId, bool> FindTravellers(const ir::Module& module,
                                          const DeviceConstraints& constraints);

// By node: whether it has a place of its own in the plan. Needs plan.kernel_of.
IdVector<ir::NodeId, bool> PlacedNodes(const ir::Plan& plan);

// The nodes that travel with any of `nodes`, directly or through each other, ascending; without
// Constant nodes, which are no work. Needs plan.kernel_of. O(n log n) of what is found and its
// operands.
std::vector<ir::NodeId> TravellersOf(const ir::Graph& graph, const ir::Plan& plan,
                                     absl::Span<const ir::NodeId> nodes);

}  // namespace allot
