// Nodes that are copied into every part that uses them: no item of any problem, and no cluster.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "ir/module.h"
#include "ir/plan.h"
#include "passes/nodes/device_constraints.h"
#include "support/id.h"
#include "target/cost_model.h"
#include "target/target.h"

namespace allot {

// By node of the graph: whether it should travel with its users. So do
//  - Constant nodes;
//  - constant work (operators/features/constant_work.h);
//  - built-in operators that take no time on any device and make small tensors of small inputs of
//    the model, of constants and of results of nodes that travel: a mask in another shape, the
//    length of a sequence. Inputs of the model are there in every part.
// All but Constant nodes only if several placed nodes use them, directly or through each other, and
// if they can run wherever any of those can. What only one node uses is placed, and coarsening puts
// it there. What no placed node uses, but is an output of the graph, is placed: it has to come from
// somewhere. Needs plan.features and value_bytes. Errors are the cost model's. Linear.
absl::StatusOr<IdVector<ir::NodeId, bool>> FindTravellers(const ir::Module& module,
                                                          const ir::Plan& plan,
                                                          const DeviceConstraints& constraints,
                                                          const CostModel& cost_model,
                                                          const Target& target);

// A tensor of no more bytes than this is small.
inline constexpr Bytes kSmallTensor = 4096;

// By node: whether it has a place of its own in the plan. Needs plan.kernel_of.
IdVector<ir::NodeId, bool> PlacedNodes(const ir::Plan& plan);

// The nodes that travel with any of `nodes`, directly or through each other, ascending; without
// Constant nodes, which are no work. Needs plan.kernel_of. O(n log n) of what is found and its
// operands.
std::vector<ir::NodeId> TravellersOf(const ir::Graph& graph, const ir::Plan& plan,
                                     absl::Span<const ir::NodeId> nodes);

}  // namespace allot
