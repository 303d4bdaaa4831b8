// Nodes that a runtime is expected to run as one kernel.
//
// Three patterns, each growing groups that end in one node: everything else in a group is used only
// inside it. Contracting such a group never makes a cycle, since a path that leaves it leaves at
// its end and could come back only to something that the end depends on.
//  1. a matrix operator (Conv, MatMul, Gemm, ...) and its epilogue: bias or residual, batch
//     normalization, an activation, also in parts (x * sigmoid(x), GELU from Erf);
//  2. the same and any other operator between DequantizeLinear and QuantizeLinear;
//  3. elementwise and reduction nodes that feed one end: decomposed LayerNorm, Softmax, GELU.
#pragma once

#include "ir/module.h"
#include "ir/plan.h"
#include "passes/coarsening/node_groups.h"
#include "passes/nodes/device_constraints.h"

namespace allot {

// Merges the nodes of each kernel. Only nodes that may run on the same devices are fused, and none
// that is in a group of `uncuttable` with others. Needs plan.features. Linear: a kernel has at most
// kMaxKernelNodes nodes.
inline constexpr size_t kMaxKernelNodes = 16;
NodeGroups FuseKernels(const ir::Graph& graph, const ir::Plan& plan,
                       const IdVector<ir::NodeId, bool>& placed,
                       const DeviceConstraints& constraints, const NodeGroups& uncuttable);

}  // namespace allot
