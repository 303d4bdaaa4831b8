// The independent judge of a plan: knows nothing of how it was made.
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "ir/plan.h"
#include "ir/travel.h"
#include "ir/verify.h"
#include "support/graph/topo_order.h"

namespace allot::ir {
namespace {

class PlanVerifier {
 public:
  PlanVerifier(const Graph& graph, const Target& target, const Plan& plan, Diagnostics& diagnostics)
      : graph_(graph), target_(target), plan_(plan), diagnostics_(diagnostics) {}

  void Run() {
    // Everything behind looks tables up by id, so their sizes come first.
    if (!TablesFit() || !CheckNodes() || !CheckClusters()) return;
    CheckFlows();
    CheckPartCycles();
    CheckOrder();
    CheckKernels();
    CheckTransfers();
    CheckAlternatives();
    CheckCuts();
  }

 private:
  void PlanError(std::string message) { diagnostics_.Error("plan", std::move(message)); }

  bool Fits(absl::string_view table, size_t size, size_t wanted, bool required) {
    if (size == wanted || (size == 0 && !required)) return true;
    PlanError(absl::StrCat(table, " has ", size, " entries instead of ", wanted));
    return false;
  }

  bool TablesFit() {
    int32_t last = -1;
    for (const ClusterId cluster : plan_.cluster_of) last = std::max(last, cluster.index());
    num_clusters_ = static_cast<size_t>(last + 1);
    const size_t nodes = graph_.node_id_bound();
    bool fit = Fits("cluster_of", plan_.cluster_of.size(), nodes, true);
    fit &= Fits("device_of", plan_.device_of.size(), num_clusters_, true);
    fit &= Fits("part_of", plan_.part_of.size(), num_clusters_, true);
    fit &= Fits("features", plan_.features.size(), nodes, false);
    fit &= Fits("kernel_of", plan_.kernel_of.size(), nodes, false);
    fit &= Fits("node_time", plan_.node_time.size(), nodes, false);
    fit &= Fits("value_bytes", plan_.value_bytes.size(), graph_.value_id_bound(), false);
    fit &= Fits("module_of", plan_.module_of.size(), num_clusters_, false);
    fit &= Fits("order", plan_.order.size(), num_clusters_, false);
    fit &= Fits("reasons", plan_.reasons.size(), num_clusters_, false);
    fit &= Fits("alternatives", plan_.alternatives.size(), num_clusters_, false);
    return fit;
  }

  // Every node is placed, or may travel. Then it gives outputs of the model only along with what
  // some part computes anyway.
  bool CheckNodes() {
    bool good = true;
    IdVector<NodeId, bool> travels(graph_.node_id_bound(), false);
    const std::vector<NodeId> nodes = graph_.nodes();
    for (const NodeId id : nodes) {
      if (plan_.cluster_of[id].valid()) continue;
      travels[id] = MayTravel(graph_, id, travels);
      if (travels[id]) continue;
      diagnostics_.Error(Describe(graph_.node(id)), "is not placed");
      good = false;
    }
    IdVector<NodeId, bool> in_a_part(graph_.node_id_bound(), false);
    for (auto id = nodes.rbegin(); id != nodes.rend(); ++id) {
      in_a_part[*id] = plan_.cluster_of[*id].valid();
      bool gives_output = false;
      for (const ValueId result : graph_.node(*id).results) {
        gives_output = gives_output || graph_.IsOutput(result);
        for (const NodeId user : graph_.users(result)) {
          in_a_part[*id] = in_a_part[*id] || in_a_part[user];
        }
      }
      if (!travels[*id] || !gives_output || in_a_part[*id]) continue;
      diagnostics_.Error(Describe(graph_.node(*id)),
                         "gives an output of the model but is in no part");
      good = false;
    }
    return good;
  }

  // Clusters have nodes, a device and a part; a part has clusters, all on its device.
  bool CheckClusters() {
    const int errors = diagnostics_.num_errors();
    IdVector<ClusterId, bool> has_nodes(num_clusters_, false);
    for (const ClusterId cluster : plan_.cluster_of) {
      if (cluster.valid()) has_nodes[cluster] = true;
    }
    IdVector<PartId, bool> has_clusters(plan_.parts.size(), false);
    for (const ClusterId cluster : plan_.device_of.ids()) {
      const std::string name = absl::StrCat("cluster ", cluster.index());
      if (!has_nodes[cluster]) PlanError(absl::StrCat(name, " has no nodes"));
      const DeviceId device = plan_.device_of[cluster];
      const PartId part = plan_.part_of[cluster];
      if (!target_.devices.Contains(device)) PlanError(absl::StrCat(name, " is on no device"));
      if (!plan_.module_of.empty() && !plan_.module_of[cluster].valid()) {
        PlanError(absl::StrCat(name, " is in no module"));
      }
      if (!plan_.parts.Contains(part)) {
        PlanError(absl::StrCat(name, " is in no part"));
        continue;
      }
      has_clusters[part] = true;
      if (plan_.parts[part].device != device && target_.devices.Contains(device)) {
        PlanError(absl::StrCat(name, " is on ", target_.devices[device].name, ", but its part ",
                               part.index(), " is not"));
      }
    }
    for (const PartId part : plan_.parts.ids()) {
      if (!has_clusters[part]) PlanError(absl::StrCat("part ", part.index(), " has no clusters"));
    }
    CheckNumberOfParts();
    return diagnostics_.num_errors() == errors;
  }

  // No device has more parts than it may.
  void CheckNumberOfParts() {
    IdVector<DeviceId, int64_t> count(target_.devices.size());
    for (const Part& part : plan_.parts) {
      if (target_.devices.Contains(part.device)) ++count[part.device];
    }
    for (const DeviceId id : target_.devices.ids()) {
      const Device& device = target_.devices[id];
      if (device.max_parts == 0 || count[id] <= device.max_parts) continue;
      PlanError(absl::StrCat(count[id], " parts are on ", device.name, ", which can have ",
                             device.max_parts));
    }
  }

  // Calls visit(value, producer) for what the node uses of other placed nodes.
  template <typename Visit>
  void ForEachInput(const Node& node, Visit visit) const {
    for (const std::vector<ValueId>* used : {&node.operands, &node.captures}) {
      for (const ValueId value : *used) {
        if (!value.valid()) continue;
        const NodeId producer = graph_.value(value).producer;
        if (producer.valid() && plan_.cluster_of[producer].valid()) visit(value, producer);
      }
    }
  }

  // Values that go from part to part: from earlier to later ones, as ranked tensors, over a route.
  void CheckFlows() {
    successors_.resize(plan_.parts.size());
    for (const NodeId id : graph_.nodes()) {
      if (!plan_.cluster_of[id].valid()) continue;
      ForEachInput(graph_.node(id), [&](ValueId value, NodeId producer) {
        const PartId from = plan_.PartOf(producer);
        const PartId to = plan_.PartOf(id);
        if (from == to) return;
        successors_[from].push_back(to);
        CheckFlow(id, value, from, to);
      });
    }
  }

  void CheckFlow(NodeId user, ValueId id, PartId from, PartId to) {
    const Value& value = graph_.value(id);
    const std::string where = Describe(graph_.node(user));
    const Part& producer = plan_.parts[from];
    const Part& consumer = plan_.parts[to];
    if (to < from) {
      diagnostics_.Error(where, absl::StrCat("is in part ", to.index(), " but needs '", value.name,
                                             "' of part ", from.index(), ", which runs later"));
    } else if (!plan_.node_time.empty() && consumer.time.start < producer.time.end) {
      diagnostics_.Error(where, absl::StrCat("is in part ", to.index(), ", which starts before '",
                                             value.name, "' of part ", from.index(), " is there"));
    }
    if (!value.type.is_ranked_tensor()) {
      diagnostics_.Error(where, absl::StrCat("needs '", value.name, "' of another part, but only ",
                                             "tensors of known rank can cross between files"));
    }
    if (!target_.routes[producer.device][consumer.device].has_value()) {
      diagnostics_.Error(
          where, absl::StrCat("needs '", value.name, "' on ", target_.devices[consumer.device].name,
                              ", to which there is no route from ",
                              target_.devices[producer.device].name));
    }
  }

  // The order of parts excludes cycles already; of wrong orders this tells the hopeless ones.
  void CheckPartCycles() {
    const TopologicalSort<PartId> sort = SortTopologically(
        successors_.ids(), successors_.size(), SuccessorsIn(successors_), LastFirst<PartId>());
    if (sort.order.size() == successors_.size()) return;
    std::vector<int32_t> stuck;
    for (const PartId part : successors_.ids()) {
      if (sort.missing[static_cast<size_t>(part.index())] > 0) stuck.push_back(part.index());
    }
    PlanError(absl::StrCat("parts need each other in a cycle; it holds up parts ",
                           absl::StrJoin(stuck, ", ")));
  }

  // `order` lists every cluster once, producers first.
  void CheckOrder() {
    if (plan_.order.empty()) return;
    IdVector<ClusterId, int32_t> position(num_clusters_, -1);
    for (size_t i = 0; i < plan_.order.size(); ++i) {
      const ClusterId cluster = plan_.order[i];
      if (!position.Contains(cluster) || position[cluster] >= 0) {
        PlanError(absl::StrCat("order names cluster ", cluster.index(),
                               position.Contains(cluster) ? " twice" : ", which does not exist"));
        return;
      }
      position[cluster] = static_cast<int32_t>(i);
    }
    for (const NodeId id : graph_.nodes()) {
      const ClusterId cluster = plan_.cluster_of[id];
      if (!cluster.valid()) continue;
      ForEachInput(graph_.node(id), [&](ValueId value, NodeId producer) {
        if (position[plan_.cluster_of[producer]] <= position[cluster]) return;
        diagnostics_.Error(Describe(graph_.node(id)),
                           absl::StrCat("is in cluster ", cluster.index(),
                                        ", which is ordered before the one that gives '",
                                        graph_.value(value).name, "'"));
      });
    }
  }

  void CheckKernels() {
    if (plan_.kernel_of.empty()) return;
    IdVector<KernelId, ClusterId> cluster_of;
    for (const NodeId id : graph_.nodes()) {
      const KernelId kernel = plan_.kernel_of[id];
      const ClusterId cluster = plan_.cluster_of[id];
      if (kernel.valid() != cluster.valid()) {
        diagnostics_.Error(Describe(graph_.node(id)), "has only one of kernel and cluster");
      }
      if (!kernel.valid() || !cluster.valid()) continue;
      if (static_cast<size_t>(kernel.index()) >= graph_.node_id_bound()) {
        diagnostics_.Error(Describe(graph_.node(id)), "is in a kernel beyond the number of nodes");
        continue;
      }
      if (!cluster_of.Contains(kernel)) {
        cluster_of.resize(static_cast<size_t>(kernel.index()) + 1);
      }
      if (!cluster_of[kernel].valid()) cluster_of[kernel] = cluster;
      if (cluster_of[kernel] != cluster) {
        diagnostics_.Error(Describe(graph_.node(id)), absl::StrCat("is in kernel ", kernel.index(),
                                                                   ", part of which is elsewhere"));
      }
    }
  }

  void CheckTransfers() {
    for (const NodeId id : plan_.node_time.ids()) {
      const Interval& time = plan_.node_time[id];
      if (time.end < time.start) {
        diagnostics_.Error(Describe(graph_.node(id)), "ends before it starts");
      }
    }
    for (const PartId part : plan_.parts.ids()) {
      if (plan_.parts[part].time.end < plan_.parts[part].time.start) {
        PlanError(absl::StrCat("part ", part.index(), " ends before it starts"));
      }
    }
    for (const Transfer& transfer : plan_.transfers) {
      const bool known = transfer.value.valid() &&
                         static_cast<size_t>(transfer.value.index()) < graph_.value_id_bound() &&
                         target_.devices.Contains(transfer.from) &&
                         target_.devices.Contains(transfer.to);
      if (!known) {
        PlanError("a transfer names a value or device that does not exist");
      } else if (transfer.from == transfer.to || transfer.time.end < transfer.time.start ||
                 transfer.bytes < 0) {
        PlanError(absl::StrCat("the transfer of '", graph_.value(transfer.value).name, "' to ",
                               target_.devices[transfer.to].name, " makes no sense"));
      }
    }
  }

  void CheckAlternatives() {
    for (const ClusterId cluster : plan_.alternatives.ids()) {
      const std::optional<Alternative>& next = plan_.alternatives[cluster];
      if (!next.has_value()) continue;
      if (target_.devices.Contains(next->device) && next->device != plan_.device_of[cluster] &&
          next->value >= 0) {
        continue;
      }
      PlanError(absl::StrCat("the next-best device of cluster ", cluster.index(),
                             " is none that it could move to"));
    }
  }

  // Cuts are what crosses, each once: every reader of another part is in exactly one of them.
  void CheckCuts() {
    if (plan_.cuts.empty()) return;
    std::vector<std::pair<ValueId, PartId>> crossing, listed;
    for (const NodeId id : graph_.nodes()) {
      if (!plan_.cluster_of[id].valid()) continue;
      ForEachInput(graph_.node(id), [&](ValueId value, NodeId producer) {
        if (plan_.PartOf(producer) != plan_.PartOf(id))
          crossing.push_back({value, plan_.PartOf(id)});
      });
    }
    std::sort(crossing.begin(), crossing.end());
    crossing.erase(std::unique(crossing.begin(), crossing.end()), crossing.end());
    for (const Cut& cut : plan_.cuts) {
      if (!CheckCut(cut)) return;
      for (const PartId part : cut.to) listed.push_back({cut.value, part});
    }
    std::sort(listed.begin(), listed.end());
    if (listed != crossing) PlanError("cuts are not what crosses between parts");
  }

  bool CheckCut(const Cut& cut) {
    if (!cut.value.valid() || static_cast<size_t>(cut.value.index()) >= graph_.value_id_bound() ||
        !plan_.parts.Contains(cut.from)) {
      PlanError("a cut names a value or part that does not exist");
      return false;
    }
    const NodeId producer = graph_.value(cut.value).producer;
    bool sound =
        producer.valid() && plan_.PartOf(producer) == cut.from && !cut.to.empty() && cut.bytes >= 0;
    for (const PartId part : cut.to) {
      sound = sound && plan_.parts.Contains(part) &&
              plan_.parts[part].device == plan_.parts[cut.to[0]].device;
    }
    if (sound && cut.cause == CutCause::kCycle) {
      sound = plan_.parts[cut.from].device == plan_.parts[cut.to[0]].device;
    }
    if (!sound) {
      PlanError(absl::StrCat("the cut of '", graph_.value(cut.value).name, "' makes no sense"));
    }
    return sound;
  }

  const Graph& graph_;
  const Target& target_;
  const Plan& plan_;
  Diagnostics& diagnostics_;
  size_t num_clusters_ = 0;
  IdVector<PartId, std::vector<PartId>> successors_;  // with repeats
};

// Who serves how much of a cycle. Lanes are for streams: one inference has nobody to take turns
// with.
void CheckShares(const Plan& plan, Diagnostics& diagnostics) {
  const auto error = [&](auto... text) { diagnostics.Error("plan", absl::StrCat(text...)); };
  if (plan.lanes.empty()) {
    if (plan.share != 1) {
      error("its only lane serves ", plan.share, " inferences of a cycle instead of 1");
    }
    return;
  }
  if (plan.summary.has_value() && plan.summary->objective != Objective::kThroughput) {
    error("has ", plan.num_lanes(), " lanes, but its objective is ",
          ObjectiveName(plan.summary->objective));
  }
  for (size_t lane = 0; lane < plan.num_lanes(); ++lane) {
    const int64_t share = plan.ShareOf(lane);
    if (share < 1) error("lane ", lane, " serves ", share, " inferences of a cycle");
    if (lane > 0 && share > plan.ShareOf(lane - 1)) {
      error("lane ", lane, " serves more of a cycle than lane ", lane - 1);
    }
  }
}

// A device has no more parts of all lanes than it may; those that hold the same clusters are one.
void CheckPartsOfLanes(const Target& target, const Plan& plan, Diagnostics& diagnostics) {
  if (plan.lanes.empty()) return;
  IdVector<DeviceId, std::set<std::vector<ClusterId>>> loaded(target.devices.size());
  for (size_t lane = 0; lane < plan.num_lanes(); ++lane) {
    const Plan view = LaneView(plan, lane);
    IdVector<PartId, std::vector<ClusterId>> clusters(view.parts.size());
    for (const ClusterId cluster : view.part_of.ids()) {
      const PartId part = view.part_of[cluster];
      if (clusters.Contains(part)) clusters[part].push_back(cluster);
    }
    for (const PartId part : view.parts.ids()) {
      const DeviceId device = view.parts[part].device;
      if (loaded.Contains(device)) loaded[device].insert(std::move(clusters[part]));
    }
  }
  for (const DeviceId id : target.devices.ids()) {
    const Device& device = target.devices[id];
    const auto count = static_cast<int64_t>(loaded[id].size());
    if (device.max_parts == 0 || count <= device.max_parts) continue;
    diagnostics.Error("plan", absl::StrCat("the lanes have ", count, " parts on ", device.name,
                                           ", which can have ", device.max_parts));
  }
}

}  // namespace

absl::Status VerifyPlan(const Graph& graph, const Target& target, const Plan& plan,
                        Diagnostics& diagnostics) {
  PlanVerifier(graph, target, plan, diagnostics).Run();
  CheckShares(plan, diagnostics);
  CheckPartsOfLanes(target, plan, diagnostics);
  if (plan.training.has_value()) {
    std::vector<DeviceId> devices;
    for (const Part& part : plan.parts) devices.push_back(part.device);
    VerifyTraining(*plan.training, devices, diagnostics);
    if (!plan.lanes.empty()) diagnostics.Error("plan", "lanes take turns, and it trains");
  }
  // Every further lane is a plan like any other; what is wrong with it says whose it is.
  for (size_t lane = 1; lane < plan.num_lanes(); ++lane) {
    const Plan view = LaneView(plan, lane);
    Diagnostics found;
    PlanVerifier(graph, target, view, found).Run();
    for (Diagnostic diagnostic : found.all()) {
      diagnostic.message = absl::StrCat("lane ", lane, ": ", diagnostic.message);
      diagnostics.Report(std::move(diagnostic));
    }
  }
  return diagnostics.ToStatus();
}

}  // namespace allot::ir
