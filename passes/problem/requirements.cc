#include "passes/problem/requirements.h"

#include <algorithm>

#include "ir/travel.h"
#include "support/status.h"

namespace allot {
namespace {

absl::Status CheckFeatures(const ir::Graph& graph, const ir::Plan& plan) {
  if (plan.features.size() != graph.node_id_bound() ||
      plan.value_bytes.size() != graph.value_id_bound()) {
    return InputError("needs the work of each operator; run estimate-cost first");
  }
  return absl::OkStatus();
}

// Ids below `bound`, or invalid.
template <typename Key, typename IdType>
bool InRange(const IdVector<Key, IdType>& ids, size_t bound) {
  return std::all_of(ids.begin(), ids.end(), [bound](IdType id) {
    return !id.valid() || static_cast<size_t>(id.index()) < bound;
  });
}

absl::Status CheckClusters(const ir::Graph& graph, const ir::Plan& plan) {
  const size_t nodes = graph.node_id_bound();
  if (plan.cluster_of.size() != nodes || plan.kernel_of.size() != nodes) {
    return InputError("needs clusters; run coarsen first");
  }
  const size_t clusters = plan.num_clusters();
  if (clusters > nodes || !InRange(plan.cluster_of, clusters) || !InRange(plan.kernel_of, nodes)) {
    return InputError("the plan's clusters or kernels are numbered wrongly; run coarsen again");
  }
  IdVector<ir::NodeId, bool> travels(nodes, false);
  for (const ir::NodeId node : graph.nodes()) {
    const bool placed = plan.cluster_of[node].valid();
    travels[node] = !placed && ir::MayTravel(graph, node, travels);
    if (placed != plan.kernel_of[node].valid() || placed == travels[node]) {
      return InputError("node '", plan.features[node].name,
                        "' lacks a cluster or a kernel; run coarsen again");
    }
  }
  if (!plan.module_of.empty() &&
      (plan.module_of.size() != clusters || !InRange(plan.module_of, clusters))) {
    return InputError("the plan's modules do not fit its clusters; run split-modularity again");
  }
  return absl::OkStatus();
}

absl::Status CheckPlacement(const ir::Graph& graph, const ir::Plan& plan, const Target& target) {
  const size_t clusters = plan.num_clusters();
  if (plan.device_of.size() != clusters || plan.order.size() != clusters) {
    return InputError("needs a placement; run place first");
  }
  for (const DeviceId device : plan.device_of) {
    if (!target.devices.Contains(device)) {
      return InputError("the plan names a device that the target lacks; run place again");
    }
  }
  IdVector<ir::ClusterId, int32_t> position(clusters, -1);
  for (size_t i = 0; i < plan.order.size(); ++i) {
    const ir::ClusterId cluster = plan.order[i];
    if (!position.Contains(cluster) || position[cluster] >= 0) {
      return InputError("the plan's order does not name every cluster once; run place again");
    }
    position[cluster] = static_cast<int32_t>(i);
  }
  for (const ir::NodeId node : graph.nodes()) {
    const ir::ClusterId from = plan.cluster_of[node];
    if (!from.valid()) continue;
    for (const ir::ValueId result : graph.node(node).results) {
      for (const ir::NodeId user : graph.users(result)) {
        const ir::ClusterId to = plan.cluster_of[user];
        if (to.valid() && position[to] < position[from]) {
          return InputError("the plan runs node '", plan.features[user].name, "' before '",
                            plan.features[node].name, "', which it needs; run place again");
        }
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckParts(const ir::Plan& plan) {
  if (plan.part_of.size() != plan.num_clusters()) {
    return InputError("needs parts; run form-parts first");
  }
  IdVector<ir::PartId, bool> used(plan.parts.size());
  for (const ir::ClusterId cluster : plan.part_of.ids()) {
    const ir::PartId part = plan.part_of[cluster];
    if (!used.Contains(part) || plan.parts[part].device != plan.device_of[cluster]) {
      return InputError("the plan's parts do not fit its placement; run form-parts again");
    }
    used[part] = true;
  }
  if (!std::all_of(used.begin(), used.end(), [](bool is_used) { return is_used; })) {
    return InputError("the plan has a part without clusters; run form-parts again");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RequireStage(const ir::Module& module, const ir::Plan& plan,
                          const PassContext& context, ir::PlanStage stage) {
  ALLOT_RETURN_IF_ERROR(CheckFeatures(module.graph, plan));
  if (stage == ir::PlanStage::kCosts) return absl::OkStatus();
  ALLOT_RETURN_IF_ERROR(CheckClusters(module.graph, plan));
  if (stage == ir::PlanStage::kClusters) return absl::OkStatus();
  ALLOT_RETURN_IF_ERROR(RequireMachine(context));
  ALLOT_RETURN_IF_ERROR(CheckPlacement(module.graph, plan, *context.target));
  if (stage == ir::PlanStage::kPlacement) return absl::OkStatus();
  ALLOT_RETURN_IF_ERROR(CheckParts(plan));
  for (size_t lane = 1; lane < plan.num_lanes(); ++lane) {
    const ir::Plan view = ir::LaneView(plan, lane);
    if (view.part_of.size() != plan.num_clusters()) {
      return InputError("lane ", lane, " has parts for ", view.part_of.size(), " of ",
                        plan.num_clusters(), " clusters; run place again");
    }
    ALLOT_RETURN_IF_ERROR(CheckPlacement(module.graph, view, *context.target), "lane ", lane, ": ");
    ALLOT_RETURN_IF_ERROR(CheckParts(view), "lane ", lane, ": ");
  }
  return absl::OkStatus();
}

absl::Status MisplacedError() {
  return InputError(
      "the placement does not hold: a device lacks memory, cannot run what is on it, or has no "
      "route "
      "to another that needs its results; run place again");
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
