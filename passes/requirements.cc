#include "passes/requirements.h"

#include "support/status.h"

namespace allot {

absl::Status RequireStage(const ir::Graph& graph, const ir::Plan& plan, PlanStage stage) {
  const size_t nodes = graph.node_id_bound();
  switch (stage) {
    case PlanStage::kFeatures:
      if (plan.features.size() != nodes || plan.value_bytes.size() != graph.value_id_bound()) {
        return InputError("needs the work of each operator; run estimate-cost first");
      }
      break;
    case PlanStage::kClusters:
      if (plan.cluster_of.size() != nodes || plan.kernel_of.size() != nodes) {
        return InputError("needs clusters; run coarsen first");
      }
      break;
    case PlanStage::kPlacement:
      if (plan.device_of.size() != plan.num_clusters() ||
          plan.order.size() != plan.num_clusters()) {
        return InputError("needs a placement; run place first");
      }
      break;
    case PlanStage::kParts:
      if (plan.part_of.size() != plan.num_clusters()) {
        return InputError("needs parts; run form-parts first");
      }
      break;
  }
  return absl::OkStatus();
}

absl::Status RequireMachine(const PassContext& context) {
  if (context.target == nullptr || context.target->devices.empty()) {
    return InputError("needs a target; name one with --target");
  }
  if (context.cost_model == nullptr) {
    return InputError("needs a cost model; name one with --cost-model");
  }
  return absl::OkStatus();
}

}  // namespace allot
