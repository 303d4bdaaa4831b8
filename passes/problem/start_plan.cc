#include "passes/problem/start_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "ir/node_name.h"
#include "passes/problem/cluster_problem.h"
#include "placement/parts/part_evaluator.h"

namespace allot {
namespace {

// One lane of the start on today's clusters, which it does not divide.
class LaneBuilder {
 public:
  LaneBuilder(const PlacementProblem& problem, const ProblemGraph& graph,
              const std::vector<DeviceId>& devices)
      : problem_(problem), graph_(graph), label_(problem.items.size(), -1) {
    for (const DeviceId device : devices) AddLabel(device, 2 * static_cast<int64_t>(rank_.size()));
  }

  // Says where an item is in the lane, if it can be there.
  void Put(ItemId item, int32_t label) {
    const DeviceId device = device_[static_cast<size_t>(label)];
    if (label_[item] < 0 && device.valid() && problem_.items[item].time[device].has_value()) {
      label_[item] = label;
    }
  }

  PartedSolution Build() {
    // What is left goes with what it comes from, or else with what follows.
    for (const ItemId item : graph_.topological) Adopt(item, graph_.predecessors[item]);
    for (auto item = graph_.topological.rbegin(); item != graph_.topological.rend(); ++item) {
      Adopt(*item, graph_.successors[*item]);
    }
    for (const ItemId item : problem_.items.ids()) {
      if (label_[item] >= 0) continue;
      label_[item] = static_cast<int32_t>(rank_.size());
      AddLabel(Fastest(item), 2 * static_cast<int64_t>(rank_.size()));
    }
    return Numbered();
  }

 private:
  void AddLabel(DeviceId device, int64_t rank) {
    device_.push_back(device);
    rank_.push_back(rank);
  }

  void Adopt(ItemId item, const std::vector<ItemId>& neighbours) {
    if (label_[item] >= 0) return;
    for (const ItemId neighbour : neighbours) {
      if (label_[neighbour] >= 0) Put(item, label_[neighbour]);
    }
  }

  DeviceId Fastest(ItemId item) const {
    DeviceId best;
    Picos least = 0;
    for (const DeviceId device : problem_.devices.ids()) {
      const std::optional<Picos>& time = problem_.items[item].time[device];
      if (!time.has_value() || (best.valid() && *time >= least)) continue;
      best = device;
      least = *time;
    }
    return best;
  }

  // In the launch order of the start, where the graph still allows that.
  PartedSolution Numbered() const {
    std::vector<int32_t> device, part_of;
    std::vector<int32_t> dense(rank_.size(), -1);
    std::vector<int64_t> rank;
    for (const ItemId item : problem_.items.ids()) {
      const auto label = static_cast<size_t>(label_[item]);
      device.push_back(device_[label].index());
      if (dense[label] < 0) {
        dense[label] = static_cast<int32_t>(rank.size());
        rank.push_back(rank_[label]);
      }
      part_of.push_back(dense[label]);
    }
    PartEvaluator evaluator(problem_, graph_);
    const auto num_parts = static_cast<int32_t>(rank.size());
    if (evaluator.NumberParts(rank, num_parts, part_of.data())) {
      return MakeParted(problem_, device, part_of, num_parts, graph_.topological);
    }
    Solution solution{{}, graph_.topological};
    for (const int32_t d : device) solution.device_of.Add(DeviceId(d));
    return FormParts(problem_, graph_, solution, EffortFor(problem_, 4'000'000, 20, 4000));
  }

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  IdVector<ItemId, int32_t> label_;
  std::vector<DeviceId> device_;  // by label
  std::vector<int64_t> rank_;     // by label
};

}  // namespace

IdVector<ir::NodeId, std::vector<int32_t>> PartsAtStart(const StartPlan& start,
                                                        const ir::Graph& graph) {
  std::map<std::string, std::vector<size_t>> by_name;  // the first of a name last
  for (size_t i = start.nodes.size(); i-- > 0;) by_name[start.nodes[i].name].push_back(i);
  IdVector<ir::NodeId, std::vector<int32_t>> parts(graph.node_id_bound());
  for (const ir::NodeId node : graph.nodes()) {
    const auto found = by_name.find(ir::NameOrPlace(graph.node(node)));
    if (found == by_name.end() || found->second.empty()) continue;
    parts[node] = start.nodes[found->second.back()].part;
    found->second.pop_back();
  }
  return parts;
}

NodeGrouping DivideByStart(const StartPlan& start, const ir::Graph& graph,
                           const IdVector<ir::NodeId, bool>& placed, const NodeGrouping& groups,
                           const NodeGroups& finest, int64_t& divided) {
  const auto parts = PartsAtStart(start, graph);
  // Of a group that the start does not divide further, what the first node says that it knows.
  IdVector<ir::NodeId, std::vector<int32_t>> said(graph.node_id_bound());
  IdVector<ir::NodeId, bool> torn(graph.node_id_bound(), false);
  for (const ir::NodeId node : graph.nodes()) {
    if (!placed[node] || parts[node].empty()) continue;
    const ir::NodeId group = finest.Find(node);
    if (said[group].empty()) said[group] = parts[node];
    torn[group] = torn[group] || said[group] != parts[node];
  }
  divided = std::count(torn.begin(), torn.end(), true);
  // Pieces of a group by what they say; those that say nothing go with the first.
  NodeGroups pieces(graph.node_id_bound());
  std::map<std::pair<ItemId, std::vector<int32_t>>, ir::NodeId> first;
  IdVector<ItemId, ir::NodeId> first_of_group(groups.num_groups);
  for (const bool known : {true, false}) {
    for (const ir::NodeId node : graph.nodes()) {
      if (!placed[node]) continue;
      const std::vector<int32_t>& says = said[finest.Find(node)];
      if (says.empty() == known) continue;
      const ItemId group = groups.group_of[node];
      ir::NodeId& leader = first_of_group[group];
      if (!leader.valid()) leader = node;
      if (known) {
        pieces.Merge(first.try_emplace({group, says}, node).first->second, node);
      } else {
        pieces.Merge(leader, node);
      }
    }
  }
  CloseCycles(graph, placed, pieces);
  return Number(graph, placed, pieces);
}

Lanes LanesAtStart(const StartPlan& start, const ir::Module& module, const ir::Plan& plan,
                   const Target& target, const PlacementProblem& problem,
                   const ProblemGraph& graph) {
  const auto parts = PartsAtStart(start, module.graph);
  Lanes lanes;
  for (size_t lane = 0; lane < start.lanes.size(); ++lane) {
    std::vector<DeviceId> devices;
    for (const std::string& name : start.lanes[lane].devices) {
      DeviceId& device = devices.emplace_back();
      for (const DeviceId id : target.devices.ids()) {
        if (target.devices[id].name == name) device = id;
      }
    }
    LaneBuilder builder(problem, graph, devices);
    for (const ir::NodeId node : module.graph.nodes()) {
      const ir::ClusterId cluster = plan.cluster_of[node];
      if (!cluster.valid() || parts[node].size() <= lane || parts[node][lane] < 0) continue;
      builder.Put(ItemId(cluster.index()), parts[node][lane]);
    }
    lanes.lanes.push_back(builder.Build());
    lanes.shares.push_back(start.lanes[lane].share);
  }
  const bool each = std::all_of(lanes.lanes.begin(), lanes.lanes.end(),
                                [](const PartedSolution& lane) { return lane.score.feasible; });
  if (!each || lanes.lanes.empty()) return {};
  if (problem.objective == PlacementObjective::kLatency) {
    // One inference takes the first lane, which is the one with the largest share.
    return {{std::move(lanes.lanes[0])}, {1}};
  }
  if (lanes.lanes.size() == 1) lanes.shares = {1};
  return lanes.lanes.size() == 1 || CombineScores(problem, lanes).feasible ? lanes : Lanes();
}

Picos ValueOf(const PlacementProblem& problem, const Lanes& lanes) {
  return lanes.lanes.size() == 1 ? lanes.lanes[0].score.objective
                                 : CombineScores(problem, lanes).period;
}

}  // namespace allot
