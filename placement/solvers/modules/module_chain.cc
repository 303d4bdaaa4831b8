#include "placement/solvers/modules/module_chain.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "placement/problem/allowed_times.h"
#include "support/graph/csr_graph.h"
#include "support/graph/cut_vertices.h"
#include "support/graph/topo_order.h"

namespace allot {
namespace {

// Orders the items of a module topologically by colours that do not depend on their numbers:
// identical modules then mostly read the same. Only a missed repetition depends on this.
void SortAlike(const ProblemGraph& graph, const ItemTimes& times, ChainModule& module) {
  if (module.items.size() < 3) return;
  std::map<ItemId, uint64_t> color;
  const auto mix = [](uint64_t hash, uint64_t value) {
    return (hash ^ (value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2))) * 0xff51afd7ed558ccdu;
  };
  for (const ItemId item : module.items) {
    uint64_t hash = item == module.exit ? 1 : 0;
    for (const Picos time : times.row(item)) hash = mix(hash, static_cast<uint64_t>(time));
    color[item] = hash;
  }
  for (int round = 0; round < 3; ++round) {
    std::map<ItemId, uint64_t> next = color;
    for (const ItemId item : module.items) {
      uint64_t sum = 0;
      for (const ItemId before : graph.predecessors[item]) {
        const auto it = color.find(before);
        sum += mix(3, it == color.end() ? 7 : it->second);
      }
      for (const ItemId after : graph.successors[item]) {
        const auto it = color.find(after);
        sum += mix(5, it == color.end() ? 9 : it->second);
      }
      next[item] = mix(color[item], sum);
    }
    color = std::move(next);
  }
  std::map<ItemId, size_t> number;
  for (size_t i = 0; i < module.items.size(); ++i) number[module.items[i]] = i;
  const auto after = [&](size_t i, const auto& visit) {
    for (const ItemId next : graph.successors[module.items[i]]) {
      if (const auto it = number.find(next); it != number.end()) visit(it->second);
    }
  };
  const auto first = BySmallestKey<size_t>(
      [&](size_t i) { return std::pair(color.at(module.items[i]), module.items[i]); });
  std::vector<ItemId> order;
  for (const size_t i : SortTopologically(module.items.size(), after, first).order) {
    order.push_back(module.items[i]);
  }
  module.items = std::move(order);
}

}  // namespace

std::vector<ChainModule> SplitAtCutVertices(const PlacementProblem& problem,
                                            const ProblemGraph& graph, const ItemTimes& times) {
  std::vector<WeightedEdge> edges;
  for (const PlacementProblem::Flow& flow : problem.flows) {
    for (const ItemId to : flow.to) edges.push_back({flow.from.index(), to.index(), 1});
  }
  const CsrGraph csr(static_cast<int32_t>(problem.items.size()), std::move(edges));
  IdVector<ItemId, char> cut(problem.items.size(), 0);
  for (int32_t vertex : CutVertices(csr)) cut[ItemId(vertex)] = 1;
  IdVector<ItemId, size_t> module_of(problem.items.size());
  std::vector<ChainModule> modules;
  ChainModule module;
  for (const ItemId item : graph.topological) {
    module_of[item] = modules.size();
    module.items.push_back(item);
    if (!cut[item]) continue;
    module.exit = item;
    modules.push_back(std::move(module));
    module = ChainModule();
    module.entry = item;
  }
  if (!module.items.empty()) modules.push_back(std::move(module));
  // Groups bind a module if they lie inside it.
  for (std::vector<ItemId>& group : JoinedGroups(problem)) {
    const size_t first = module_of[group[0]];
    const bool inside = std::all_of(group.begin(), group.end(),
                                    [&](ItemId item) { return module_of[item] == first; });
    if (inside) modules[first].groups.push_back(std::move(group));
  }
  for (ChainModule& part : modules) {
    if (part.items.size() * 2 > problem.items.size()) continue;  // like no other
    SortAlike(graph, times, part);
  }
  return modules;
}

PlacementProblem ExtractModule(const PlacementProblem& problem, const ProblemGraph& graph,
                               const ItemTimes& times, const ChainModule& module) {
  PlacementProblem part;
  part.objective = PlacementObjective::kLatency;
  part.communication = problem.communication;
  part.launch_on_arrival = problem.launch_on_arrival;
  part.devices = problem.devices;
  for (PlacementProblem::MachineDevice& device : part.devices) {
    device.memory = std::numeric_limits<Bytes>::max();
  }
  part.num_channels = problem.num_channels;
  part.routes = problem.routes;
  std::map<ItemId, ItemId> inside;
  const auto add = [&](ItemId item, bool entry) {
    PlacementProblem::Item copy;
    copy.time = IdVector<DeviceId, std::optional<Picos>>(problem.devices.size());
    for (const DeviceId d : problem.devices.ids()) {
      const Picos time = times(item, d);
      if (time != kNotAllowed) copy.time[d] = entry ? 0 : time;
    }
    inside[item] = part.items.Add(std::move(copy));
  };
  if (module.entry.valid()) add(module.entry, true);
  for (const ItemId item : module.items) add(item, false);
  // Flows keep their order, which decides between transfers of one instant.
  std::vector<FlowId> flows;
  for (const auto& [item, mine] : inside) {
    if (item == module.exit) continue;
    flows.insert(flows.end(), graph.outputs[item].begin(), graph.outputs[item].end());
  }
  std::sort(flows.begin(), flows.end());
  for (const FlowId id : flows) {
    PlacementProblem::Flow flow = problem.flows[id];
    flow.from = inside.at(flow.from);
    for (ItemId& to : flow.to) to = inside.at(to);
    std::sort(flow.to.begin(), flow.to.end());
    part.flows.Add(std::move(flow));
  }
  for (const std::vector<ItemId>& group : module.groups) {
    std::vector<ItemId>& mine = part.together.emplace_back();
    for (const ItemId item : group) mine.push_back(inside.at(item));
  }
  return part;
}

std::string ModuleKey(const PlacementProblem& part, const ChainModule& module) {
  std::string key;
  const auto put = [&key](int64_t value) {
    key.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  put(module.entry.valid());
  put(module.exit.valid());
  put(static_cast<int64_t>(part.items.size()));
  for (const PlacementProblem::Item& item : part.items) {
    for (const std::optional<Picos>& time : item.time) put(time.value_or(-1));
  }
  for (const PlacementProblem::Flow& flow : part.flows) {
    put(flow.from.index());
    put(static_cast<int64_t>(flow.to.size()));
    for (const ItemId to : flow.to) put(to.index());
    put(flow.bytes);
    put(static_cast<int64_t>(flow.time.size()));
    for (const auto& row : flow.time) {
      for (const Picos time : row) put(time);
    }
  }
  for (const std::vector<ItemId>& group : part.together) {
    put(-2);
    for (const ItemId item : group) put(item.index());
  }
  // The exit's place matters when it is not the last.
  for (size_t i = 0; i < module.items.size(); ++i) {
    if (module.items[i] == module.exit) put(static_cast<int64_t>(i));
  }
  return key;
}

}  // namespace allot
