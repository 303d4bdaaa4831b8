// Nodes that are no decision of their own: what costs nothing, what computes shapes, and what is
// computed from constants alone goes with a neighbour.
#pragma once

#include "ir/module.h"
#include "ir/plan.h"
#include "passes/coarsening/node_groups.h"
#include "passes/nodes/device_constraints.h"

namespace allot {

// By node: whether no path leads to it from an input of the graph.
IdVector<ir::NodeId, bool> ConstantOnlyNodes(const ir::Graph& graph);

// Merges such nodes with the producer or the consumer of their data, whichever moves no more bytes
// than before; those for which neither does stay on their own. The quotient must be acyclic and
// stays so: groups keep a topological number, and a group joins either its last predecessor or its
// first successor in that order, so that the number of the neighbour suits both. A neighbour loses
// none of its devices. Returns the number of groups that went. O(n log n + m).
int64_t AbsorbFreeNodes(const ir::Graph& graph, const ir::Plan& plan,
                        const IdVector<ir::NodeId, bool>& placed,
                        const DeviceConstraints& constraints, NodeGroups& groups);

}  // namespace allot
