#include "passes/coarsening/kernel_groups.h"

#include "passes/coarsening/absorption.h"
#include "passes/coarsening/uncuttable.h"
#include "passes/nodes/device_constraints.h"
#include "passes/nodes/travellers.h"
#include "passes/pipeline/analyses.h"
#include "support/status.h"

namespace allot {

absl::StatusOr<KernelGroups> BuildKernelGroups(const ir::Module& module, const ir::Plan& plan,
                                               const PassContext& context) {
  ALLOT_ASSIGN_OR_RETURN(const auto constraints, Analysis<PlanConstraints>(module, plan, context));
  const IdVector<ir::NodeId, bool> placed = PlacedNodes(plan);
  KernelGroups result{.groups = GroupsOf(plan.kernel_of)};
  result.uncuttable_values = JoinUncuttable(module.graph, placed, result.groups);
  // Kernels of our own patterns never make cycles; those of a plan read from text may.
  CloseCycles(module.graph, placed, result.groups);
  result.absorbed_groups = AbsorbFreeNodes(module.graph, plan, placed, *constraints, result.groups);
  return result;
}

}  // namespace allot
