// Nodes that were seen to run as one kernel.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/module.h"
#include "ir/plan.h"
#include "passes/coarsening/node_groups.h"
#include "passes/nodes/device_constraints.h"
#include "target/cost_model.h"
#include "target/target.h"

namespace allot {

// Merges, in `kernels`, nodes that on any device were fused into the same node, see
// CostModel::FusedInto(): a runtime fuses them only where they are in one part. As patterns do,
// this joins no nodes that may run on different devices, none with bodies, and none that is in a
// group of `uncuttable` with others; nor any that would make a cycle among kernels and such groups,
// or for which that would take more than kFusionEffort edges to tell. Where some of a kernel has to
// stay apart, the rest is still joined. `kernels` and `uncuttable` together must have an acyclic
// quotient. Needs plan.features; names that several nodes have are nobody's. In linear time if
// nothing was seen to be fused.
struct MeasuredFusion {
  int64_t merges = 0;
  std::vector<ir::NodeId> apart;  // not in the kernel that has their time, ascending
};
inline constexpr int64_t kFusionEffort = 100'000;
MeasuredFusion JoinMeasuredKernels(const ir::Graph& graph, const ir::Plan& plan,
                                   const IdVector<ir::NodeId, bool>& placed,
                                   const DeviceConstraints& constraints,
                                   const NodeGroups& uncuttable, const CostModel& cost_model,
                                   const Target& target, NodeGroups& kernels);

}  // namespace allot
