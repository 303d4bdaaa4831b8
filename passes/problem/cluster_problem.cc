#include "passes/problem/cluster_problem.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_format.h"

#include "passes/coarsening/kernel_groups.h"
#include "passes/nodes/travellers.h"
#include "passes/problem/requirements.h"
#include "support/status.h"

namespace allot {

absl::StatusOr<BuiltProblem> BuildClusterProblem(const ir::Module& module, const ir::Plan& plan,
                                                 const PassContext& context) {
  const ScopedStep step(context, "ClusterProblem");
  ALLOT_RETURN_IF_ERROR(RequireMachine(context));
  ALLOT_RETURN_IF_ERROR(RequireStage(module, plan, context, ir::PlanStage::kClusters));
  IdVector<ir::NodeId, ItemId> group_of;
  for (const ir::ClusterId cluster : plan.cluster_of) group_of.Add(ItemId(cluster.index()));
  return BuildProblem(module, plan, group_of, plan.num_clusters(), context);
}

absl::StatusOr<BuiltProblem> BuildKernelProblem(const ir::Module& module, const ir::Plan& plan,
                                                const PassContext& context) {
  const ScopedStep step(context, "KernelProblem");
  ALLOT_ASSIGN_OR_RETURN(const auto finest, Analysis<FinestGroups>(module, plan, context));
  const NodeGrouping grouping = Number(module.graph, PlacedNodes(plan), finest->groups);
  return BuildProblem(module, plan, grouping.group_of, grouping.num_groups, context);
}

absl::StatusOr<ChainOfBlocks> BuildClusterBlocks(const ir::Module& module, const ir::Plan& plan,
                                                 const PassContext& context) {
  const ScopedStep step(context, "ClusterBlocks");
  ALLOT_RETURN_IF_ERROR(RequireStage(module, plan, context, ir::PlanStage::kClusters));
  NodeGrouping clusters{{}, plan.num_clusters()};
  for (const ir::ClusterId cluster : plan.cluster_of) {
    clusters.group_of.Add(ItemId(cluster.index()));
  }
  return FindChainOfBlocks(module.graph, clusters);
}

std::vector<int32_t> ModulesOf(const ir::Plan& plan) {
  std::vector<int32_t> modules;
  if (plan.module_of.size() != plan.num_clusters()) return modules;
  for (const ir::ModuleId module : plan.module_of) modules.push_back(module.index());
  return modules;
}

Solution PlannedSolution(const ir::Plan& plan) {
  Solution solution;
  for (const DeviceId device : plan.device_of) solution.device_of.Add(device);
  for (const ir::ClusterId cluster : plan.order) solution.order.push_back(ItemId(cluster.index()));
  return solution;
}

Partition PlannedParts(const ir::Plan& plan) {
  Partition parts;
  for (const ir::PartId part : plan.part_of) parts.part_of.Add(ItemId(part.index()));
  parts.num_parts = plan.parts.size();
  return parts;
}

std::optional<PartedSolution> PlanOnKernels(const BuiltProblem& kernels, const ir::Plan& plan) {
  PartedSolution solution;
  for (const std::vector<ir::NodeId>& nodes : kernels.nodes) {
    const ir::PartId part = plan.PartOf(nodes.front());
    for (const ir::NodeId node : nodes) {
      if (plan.PartOf(node) != part) return std::nullopt;
    }
    solution.items.device_of.Add(plan.parts[part].device);
    solution.parts.part_of.Add(ItemId(part.index()));
  }
  solution.parts.num_parts = plan.parts.size();
  // Items are numbered in topological order.
  for (const ItemId item : kernels.nodes.ids()) solution.items.order.push_back(item);
  std::stable_sort(
      solution.items.order.begin(), solution.items.order.end(),
      [&](ItemId a, ItemId b) { return solution.parts.part_of[a] < solution.parts.part_of[b]; });
  solution.score = EvaluateParts(kernels.problem, solution.items, solution.parts);
  return solution;
}

Lanes PlannedLanes(const ir::Plan& plan) {
  Lanes lanes;
  for (size_t lane = 0; lane < plan.num_lanes(); ++lane) {
    const ir::Plan view = ir::LaneView(plan, lane);
    lanes.lanes.push_back({PlannedSolution(view), PlannedParts(view), {}});
    lanes.shares.push_back(plan.ShareOf(lane));
  }
  return lanes;
}

void StoreSolution(const PartedSolution& solution, ir::Plan& plan) {
  ir::DropFrom(ir::PlanStage::kPlacement, plan);
  for (const DeviceId device : solution.items.device_of) plan.device_of.Add(device);
  for (const ItemId item : solution.items.order) plan.order.push_back(ir::ClusterId(item.index()));
  plan.parts = IdVector<ir::PartId, ir::Part>(solution.parts.num_parts);
  for (const ItemId item : solution.parts.part_of.ids()) {
    const ir::PartId part(solution.parts.part_of[item].index());
    plan.part_of.Add(part);
    plan.parts[part].device = solution.items.device_of[item];
  }
}

void StoreLanes(const Lanes& lanes, ir::Plan& plan) {
  ALLOT_CHECK(!lanes.lanes.empty() && lanes.lanes.size() == lanes.shares.size());
  std::vector<size_t> by_share(lanes.lanes.size());
  std::iota(by_share.begin(), by_share.end(), size_t{0});
  std::stable_sort(by_share.begin(), by_share.end(),
                   [&](size_t a, size_t b) { return lanes.shares[a] > lanes.shares[b]; });
  StoreSolution(lanes.lanes[by_share[0]], plan);
  if (by_share.size() == 1) return;
  plan.share = lanes.shares[by_share[0]];
  for (size_t i = 1; i < by_share.size(); ++i) {
    const PartedSolution& solution = lanes.lanes[by_share[i]];
    ir::Lane lane;
    lane.share = lanes.shares[by_share[i]];
    for (const ItemId item : solution.items.order) {
      lane.order.push_back(ir::ClusterId(item.index()));
    }
    lane.parts = IdVector<ir::PartId, ir::Part>(solution.parts.num_parts);
    for (const ItemId item : solution.parts.part_of.ids()) {
      const ir::PartId part(solution.parts.part_of[item].index());
      lane.part_of.Add(part);
      lane.parts[part].device = solution.items.device_of[item];
    }
    plan.lanes.push_back(std::move(lane));
  }
}

std::string TimeText(Picos time) { return absl::StrFormat("%.4f ms", ToMillis(time)); }

int64_t EffortFor(const PlacementProblem& problem, int64_t total, int64_t least, int64_t most) {
  const auto size = static_cast<int64_t>(problem.items.size() + problem.flows.size() + 1);
  return std::clamp(total / size, least, most);
}

}  // namespace allot
