#include "passes/coarsening/measured_fusion.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/graph/contraction.h"
#include "support/graph/csr_graph.h"

namespace allot {
namespace {

class MeasuredFuser {
 public:
  MeasuredFuser(const ir::Graph& graph, const ir::Plan& plan,
                const IdVector<ir::NodeId, bool>& placed, const DeviceConstraints& constraints,
                const NodeGroups& uncuttable)
      : graph_(graph),
        plan_(plan),
        placed_(placed),
        constraints_(constraints),
        uncuttable_(uncuttable),
        fused_into_(graph.node_id_bound()) {
    for (const ir::NodeId node : placed.ids()) {
      if (!placed[node]) continue;
      const auto [found, is_new] = node_of_.emplace(plan.features[node].name, node);
      if (!is_new) found->second = ir::NodeId();
    }
  }

  // Collects what any device was seen to fuse. Returns whether there is anything.
  bool Collect(const CostModel& cost_model, const Target& target) {
    for (const ir::NodeId node : placed_.ids()) {
      if (!placed_[node]) continue;
      for (const Device& device : target.devices) {
        const std::string name = cost_model.FusedInto(plan_.features[node], device);
        if (name.empty()) continue;
        const auto into = node_of_.find(name);
        if (into == node_of_.end() || !into->second.valid()) continue;
        seen_.emplace_back(node, into->second);
        std::vector<ir::NodeId>& members = fused_into_[into->second];
        if (!CanJoin(node, into->second)) continue;
        if (members.empty() || members.back() != node) members.push_back(node);
      }
    }
    return !seen_.empty();
  }

  // Those that were seen in a kernel and are not in it.
  std::vector<ir::NodeId> Apart(const NodeGroups& kernels) const {
    std::vector<ir::NodeId> apart;
    for (const auto& [node, into] : seen_) {
      if (kernels.Find(node) == kernels.Find(into)) continue;
      if (apart.empty() || apart.back() != node) apart.push_back(node);
    }
    return apart;
  }

  int64_t Join(NodeGroups& kernels) const {
    NodeGroups start = kernels;
    for (const ir::NodeId node : placed_.ids()) {
      if (placed_[node]) start.Merge(node, uncuttable_.Find(node));
    }
    const NodeGrouping numbered = Number(graph_, placed_, start);
    const CsrGraph flow = FlowGraph(numbered);
    AcyclicContraction contraction(flow);

    int64_t merges = 0;
    for (const ir::NodeId into : fused_into_.ids()) {
      if (fused_into_[into].empty()) continue;
      // Whoever cannot join starts a clump of its own, and may still be joined to the others once
      // those between them are.
      std::vector<ir::NodeId> clumps = Outwards(into, numbered);
      for (size_t before = clumps.size() + 1; clumps.size() < before;) {
        before = clumps.size();
        std::vector<ir::NodeId> kept;
        for (const ir::NodeId node : clumps) {
          const auto joined = std::find_if(kept.begin(), kept.end(), [&](ir::NodeId clump) {
            return contraction.TryMerge(numbered.group_of[clump].index(),
                                        numbered.group_of[node].index(), kFusionEffort);
          });
          if (joined == kept.end()) {
            kept.push_back(node);
          } else if (kernels.Find(*joined) != kernels.Find(node)) {
            kernels.Merge(*joined, node);
            ++merges;
          }
        }
        clumps = std::move(kept);
      }
    }
    return merges;
  }

 private:
  bool MayFuse(ir::NodeId node) const {
    return graph_.node(node).regions.empty() && uncuttable_.Size(node) == 1;
  }
  bool CanJoin(ir::NodeId a, ir::NodeId b) const {
    return MayFuse(a) && MayFuse(b) && constraints_.ClassOf(a) == constraints_.ClassOf(b);
  }

  CsrGraph FlowGraph(const NodeGrouping& numbered) const {
    std::vector<WeightedEdge> edges;
    for (const ir::NodeId node : placed_.ids()) {
      if (!placed_[node]) continue;
      const int32_t from = numbered.group_of[node].index();
      for (const ir::ValueId result : graph_.node(node).results) {
        for (const ir::NodeId user : graph_.users(result)) {
          if (placed_[user]) edges.push_back({from, numbered.group_of[user].index()});
        }
      }
    }
    return CsrGraph(static_cast<int32_t>(numbered.num_groups), std::move(edges));
  }

  // The node, then those fused into it: what comes behind it in topological order, next first, and
  // what comes before it, last first. As long as nothing is missing, no path leads from what has
  // been joined to a node that is next and back, or around.
  std::vector<ir::NodeId> Outwards(ir::NodeId into, const NodeGrouping& numbered) const {
    std::vector<ir::NodeId> before, behind;
    for (const ir::NodeId node : fused_into_[into]) {
      (numbered.group_of[node] < numbered.group_of[into] ? before : behind).push_back(node);
    }
    const auto by_number = [&numbered](ir::NodeId a, ir::NodeId b) {
      return std::pair(numbered.group_of[a], a) < std::pair(numbered.group_of[b], b);
    };
    std::sort(before.begin(), before.end(), by_number);
    std::sort(behind.begin(), behind.end(), by_number);
    std::vector<ir::NodeId> order = {into};
    order.insert(order.end(), behind.begin(), behind.end());
    order.insert(order.end(), before.rbegin(), before.rend());
    return order;
  }

  const ir::Graph& graph_;
  const ir::Plan& plan_;
  const IdVector<ir::NodeId, bool>& placed_;
  const DeviceConstraints& constraints_;
  const NodeGroups& uncuttable_;
  std::unordered_map<std::string, ir::NodeId> node_of_;       // looked up, never iterated
  std::vector<std::pair<ir::NodeId, ir::NodeId>> seen_;       // a node, and what it was fused into
  IdVector<ir::NodeId, std::vector<ir::NodeId>> fused_into_;  // ascending
};

}  // namespace

MeasuredFusion JoinMeasuredKernels(const ir::Graph& graph, const ir::Plan& plan,
                                   const IdVector<ir::NodeId, bool>& placed,
                                   const DeviceConstraints& constraints,
                                   const NodeGroups& uncuttable, const CostModel& cost_model,
                                   const Target& target, NodeGroups& kernels) {
  MeasuredFuser fuser(graph, plan, placed, constraints, uncuttable);
  if (!fuser.Collect(cost_model, target)) return {};
  const int64_t merges = fuser.Join(kernels);
  return {merges, fuser.Apart(kernels)};
}

}  // namespace allot
