#include "placement/problem/workload.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "placement/problem/limits.h"
#include "support/graph/topo_order.h"
#include "support/graph/union_find.h"
#include "support/status.h"

namespace allot {
namespace {

std::string ItemPlace(const Workload& workload, ItemId item) {
  return absl::StrCat("item ", item.index(), " '", workload.items[item].name, "'");
}

absl::Status CheckItems(const Workload& workload, const Machine& machine) {
  Bytes memory = 0;
  Picos total = 0;
  for (const ItemId id : workload.items.ids()) {
    const Workload::Item& item = workload.items[id];
    if (item.memory < 0 || item.workspace < 0) {
      return InputError(ItemPlace(workload, id), ": memory is negative");
    }
    memory = SaturatingAdd(memory, SaturatingAdd(item.memory, item.workspace));
    if (item.time.size() != machine.devices.size()) {
      return InputError(ItemPlace(workload, id), ": has times for ", item.time.size(),
                        " devices, but there are ", machine.devices.size());
    }
    Picos longest = -1;
    for (const DeviceId device : machine.devices.ids()) {
      if (!item.time[device].has_value()) continue;
      ALLOT_RETURN_IF_ERROR(CheckTime(
          *item.time[device],
          absl::StrCat(ItemPlace(workload, id), ": the time on device ", device.index())));
      longest =
          std::max(longest, SaturatingAdd(*item.time[device], machine.devices[device].part_cost));
    }
    if (longest < 0) return InputError(ItemPlace(workload, id), ": no device can run it");
    total = SaturatingAdd(total, longest);
  }
  if (total > kMaxTotal) return InputError("the times of all items add up to more than 26 days");
  if (memory > kMaxTotal) return InputError("the memory of all items adds up to too many bytes");
  return absl::OkStatus();
}

absl::Status CheckFlows(const Workload& workload, const Machine& machine) {
  std::vector<std::vector<Route::Segment>> kinds;  // the distinct ways to transfer
  for (const auto& row : machine.routes) {
    for (const std::optional<Route>& route : row) {
      if (!route.has_value()) continue;
      if (std::find(kinds.begin(), kinds.end(), route->segments) == kinds.end()) {
        kinds.push_back(route->segments);
      }
    }
  }
  const auto num_devices = static_cast<int64_t>(machine.devices.size());
  Picos total = 0;
  Bytes bytes = 0;
  for (const FlowId id : workload.flows.ids()) {
    const Workload::Flow& flow = workload.flows[id];
    const std::string where = absl::StrCat("flow ", id.index());
    if (!workload.items.Contains(flow.from)) {
      return InputError(where, ": its producer ", flow.from.index(), " does not exist");
    }
    if (flow.bytes < 0) return InputError(where, ": bytes are negative");
    bytes = SaturatingAdd(bytes, SaturatingMultiply(flow.bytes, num_devices));
    ItemId last;
    for (const ItemId to : flow.to) {
      if (!workload.items.Contains(to)) {
        return InputError(where, ": its consumer ", to.index(), " does not exist");
      }
      if (to <= last) return InputError(where, ": its consumers do not ascend");
      if (to == flow.from) return InputError(where, ": ", ItemPlace(workload, to), " feeds itself");
      last = to;
    }
    Picos longest = 0;
    if (flow.time.empty()) {
      for (const std::vector<Route::Segment>& kind : kinds) {
        longest = std::max(longest, Route{kind, {}}.Time(flow.bytes));
      }
    } else if (flow.time.size() != machine.devices.size()) {
      return InputError(where, ": has times from ", flow.time.size(), " devices, but there are ",
                        machine.devices.size());
    }
    for (const auto& row : flow.time) {
      if (row.size() != machine.devices.size()) {
        return InputError(where, ": has times to ", row.size(), " devices, but there are ",
                          machine.devices.size());
      }
      for (const Picos time : row) {
        ALLOT_RETURN_IF_ERROR(CheckTime(time, where + ": a transfer time"));
        longest = std::max(longest, time);
      }
    }
    if (!flow.staging.empty()) {
      if (flow.staging.size() != machine.devices.size()) {
        return InputError(where, ": is staged for ", flow.staging.size(),
                          " devices, but there are ", machine.devices.size());
      }
      if (!flow.time.empty()) return InputError(where, ": is both staged and direct");
      for (const Picos time : flow.staging) {
        ALLOT_RETURN_IF_ERROR(CheckTime(time, where + ": a staging time"));
        longest = std::max(longest, 2 * time);
      }
    }
    total = SaturatingAdd(total, SaturatingMultiply(longest, num_devices));
  }
  if (total > kMaxTotal) return InputError("the times of all transfers add up to over 26 days");
  if (bytes > kMaxTotal) return InputError("the tensors of all flows add up to too many bytes");
  return absl::OkStatus();
}

absl::Status CheckAcyclic(const Workload& workload) {
  IdVector<ItemId, std::vector<FlowId>> outputs(workload.items.size());
  for (const FlowId id : workload.flows.ids()) outputs[workload.flows[id].from].push_back(id);
  const auto read_by = [&](ItemId item, const auto& visit) {
    for (const FlowId flow : outputs[item]) {
      for (const ItemId to : workload.flows[flow].to) visit(to);
    }
  };
  const TopologicalSort<ItemId> sort =
      SortTopologically(workload.items.ids(), workload.items.size(), read_by, LastFirst<ItemId>());
  if (sort.order.size() == workload.items.size()) return absl::OkStatus();
  for (const ItemId item : workload.items.ids()) {
    if (sort.missing[static_cast<size_t>(item.index())] > 0) {
      return InputError(ItemPlace(workload, item), ": lies on or behind a cycle of flows");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckGroups(const Workload& workload, const Machine& machine) {
  for (size_t i = 0; i < workload.shared.size(); ++i) {
    if (workload.shared[i].bytes < 0 || workload.shared[i].bytes > kMaxTotal) {
      return InputError("shared memory ", i, ": ", workload.shared[i].bytes,
                        " bytes are out of range");
    }
    for (const ItemId item : workload.shared[i].items) {
      if (!workload.items.Contains(item)) {
        return InputError("shared memory ", i, ": item ", item.index(), " does not exist");
      }
    }
  }
  for (const std::vector<ItemId>& group : workload.together) {
    for (const ItemId item : group) {
      if (!workload.items.Contains(item)) {
        return InputError("a group names item ", item.index(), ", which does not exist");
      }
    }
  }
  // Groups that overlap are one group.
  for (const std::vector<ItemId>& group : JoinedGroups(workload)) {
    bool agrees = false;
    for (const DeviceId device : machine.devices.ids()) {
      bool all = true;
      for (const ItemId item : group) all = all && workload.items[item].time[device].has_value();
      agrees = agrees || all;
    }
    if (!agrees) {
      return InputError(ItemPlace(workload, group[0]), ": no device can run it together with ",
                        ItemPlace(workload, group[1]), " and the rest of their group of ",
                        group.size());
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckWorkload(const Workload& workload, const Machine& machine) {
  ALLOT_RETURN_IF_ERROR(CheckItems(workload, machine));
  ALLOT_RETURN_IF_ERROR(CheckFlows(workload, machine));
  ALLOT_RETURN_IF_ERROR(CheckAcyclic(workload));
  return CheckGroups(workload, machine);
}

ProblemGraph BuildGraph(const Workload& workload) {
  const size_t n = workload.items.size();
  ProblemGraph graph{IdVector<ItemId, std::vector<FlowId>>(n),
                     IdVector<ItemId, std::vector<FlowId>>(n),
                     IdVector<ItemId, std::vector<ItemId>>(n),
                     IdVector<ItemId, std::vector<ItemId>>(n),
                     {}};
  for (const FlowId id : workload.flows.ids()) {
    const Workload::Flow& flow = workload.flows[id];
    graph.outputs[flow.from].push_back(id);
    for (const ItemId to : flow.to) {
      graph.inputs[to].push_back(id);
      graph.successors[flow.from].push_back(to);
      graph.predecessors[to].push_back(flow.from);
    }
  }
  for (const ItemId item : workload.items.ids()) {
    for (std::vector<ItemId>* list : {&graph.predecessors[item], &graph.successors[item]}) {
      std::sort(list->begin(), list->end());
      list->erase(std::unique(list->begin(), list->end()), list->end());
    }
  }
  graph.topological =
      SortTopologically(workload.items.ids(), n, SuccessorsIn(graph.successors)).order;
  return graph;
}

std::vector<std::vector<ItemId>> JoinedGroups(const Workload& workload) {
  if (workload.together.empty()) return {};
  UnionFind sets(workload.items.size());
  for (const std::vector<ItemId>& group : workload.together) {
    for (size_t i = 1; i < group.size(); ++i) sets.Merge(group[i - 1].index(), group[i].index());
  }
  std::map<int32_t, std::vector<ItemId>> members;  // by the smallest
  for (const ItemId item : workload.items.ids()) {
    const int32_t first = sets.Find(item.index());
    if (first == item.index()) continue;
    std::vector<ItemId>& group = members[first];
    if (group.empty()) group.push_back(ItemId(first));
    group.push_back(item);
  }
  std::vector<std::vector<ItemId>> groups;
  for (auto& [first, group] : members) groups.push_back(std::move(group));
  return groups;
}

}  // namespace allot
