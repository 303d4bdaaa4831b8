// The finest partition that placing ever looks at.
#pragma once

#include "absl/status/statusor.h"

#include "ir/plan_stages.h"
#include "passes/coarsening/node_groups.h"
#include "passes/pipeline/analyses.h"
#include "passes/pipeline/pass.h"

namespace allot {

struct KernelGroups {
  NodeGroups groups;
  int64_t uncuttable_values = 0;
  int64_t absorbed_groups = 0;  // free nodes that went with a neighbour
};

// The kernels of plan.kernel_of, joined where a value cannot be cut, with free nodes absorbed. The
// quotient is acyclic. This is the level at which bounds are proven: clusters are unions of its
// groups. Needs plan.features, value_bytes and kernel_of.
absl::StatusOr<KernelGroups> BuildKernelGroups(const ir::Module& module, const ir::Plan& plan,
                                               const PassContext& context);

// Those of the plan's kernels.
using FinestGroups = MadeBy<&BuildKernelGroups, ir::PlanStage::kClusters>;

}  // namespace allot
