// The only bridge between (Graph, Plan) and PlacementProblem, and the way back.
#pragma once

#include "absl/status/statusor.h"

#include "passes/pipeline/pass.h"
#include "passes/problem/built_problem.h"

namespace allot {

// One item per group of nodes; nodes with an invalid group travel with their users. Times come from
// the cost model and the kernels in `plan`; rules, operator support and missing dynamic shapes make
// times absent; what rules keep together is a group. An item that no device can run is an error
// that names the node and, per device, the reason. Needs plan.features, plan.value_bytes and
// plan.kernel_of.
absl::StatusOr<BuiltProblem> BuildProblem(const ir::Module& module, const ir::Plan& plan,
                                          const IdVector<ir::NodeId, ItemId>& group_of,
                                          size_t num_groups, const PassContext& context);

}  // namespace allot
