#include "placement/problem/problem.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "support/graph/topo_order.h"
#include "support/graph/union_find.h"
#include "support/status.h"

namespace allot {
namespace {

// All durations of a problem together stay below this, so that no sum of them can overflow.
constexpr int64_t kMaxTotal = std::numeric_limits<int64_t>::max() / 4;

std::string ItemPlace(const PlacementProblem& problem, ItemId item) {
  return absl::StrCat("item ", item.index(), " '", problem.items[item].name, "'");
}

absl::Status CheckTime(Picos time, const std::string& where) {
  if (time < 0) return InputError(where, " is negative (", time, " ps)");
  if (time > kMaxTotal) return InputError(where, " is too long (", time, " ps)");
  return absl::OkStatus();
}

absl::Status CheckCalls(const PlacementProblem& problem) {
  if (problem.execution != Execution::kCalls) return absl::OkStatus();
  if (problem.objective != PlacementObjective::kLatency) {
    return InputError("calls are for latency; throughput needs the items themselves");
  }
  constexpr int32_t kMaxCalls = 1 << 20;
  if (problem.calls_per_device < 1 || problem.calls_per_device > kMaxCalls) {
    return InputError("calls per device must be 1 .. ", kMaxCalls, ", not ",
                      problem.calls_per_device);
  }
  if (problem.launch_on_arrival) return InputError("calls pay for their launch by themselves");
  for (const DeviceId device : problem.devices.ids()) {
    if (problem.devices[device].max_parts == 0) continue;
    return InputError("device ", device.index(), " '", problem.devices[device].name,
                      "': how many calls it makes is said by calls per device");
  }
  for (const FlowId id : problem.flows.ids()) {
    const PlacementProblem::Flow& flow = problem.flows[id];
    if (flow.staging.empty() && !flow.to.empty()) {
      return InputError("flow ", id.index(), ": is not staged; calls exchange through host memory");
    }
    if (flow.staging.empty()) continue;
    for (const DeviceId device : problem.devices.ids()) {
      if (problem.devices[device].pool && flow.staging[device] != 0) {
        return InputError("flow ", id.index(), ": takes ", flow.staging[device],
                          " ps between host memory and device ", device.index(),
                          ", which is a pool there");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckMachine(const PlacementProblem& problem) {
  if (problem.devices.empty()) return InputError("the problem has no device");
  for (const DeviceId device : problem.devices.ids()) {
    const PlacementProblem::MachineDevice& machine = problem.devices[device];
    const std::string where = absl::StrCat("device ", device.index(), " '", machine.name, "': ");
    if (machine.memory < 0) return InputError(where, "memory is negative");
    if (machine.max_parts < 0) return InputError(where, "the largest number of parts is negative");
    if (machine.pool && problem.execution != Execution::kCalls) {
      return InputError(where, "only a problem of calls can have a pool");
    }
    ALLOT_RETURN_IF_ERROR(CheckTime(machine.part_cost, where + "part cost"));
  }
  if (problem.routes.empty()) return absl::OkStatus();
  if (problem.routes.size() != problem.devices.size()) {
    return InputError("routes start at ", problem.routes.size(), " devices, but there are ",
                      problem.devices.size());
  }
  for (const DeviceId from : problem.devices.ids()) {
    if (problem.routes[from].size() != problem.devices.size()) {
      return InputError("routes from device ", from.index(), " lead to ",
                        problem.routes[from].size(), " devices, but there are ",
                        problem.devices.size());
    }
    for (const DeviceId to : problem.devices.ids()) {
      const std::optional<Route>& route = problem.routes[from][to];
      if (from == to || !route.has_value()) continue;
      const std::string where = absl::StrCat("route ", from.index(), " -> ", to.index(), ": ");
      for (const Route::Segment& segment : route->segments) {
        if (segment.bandwidth <= 0) return InputError(where, "bandwidth must be positive");
        ALLOT_RETURN_IF_ERROR(CheckTime(segment.latency, where + "latency"));
      }
      ChannelId last;
      for (const ChannelId channel : route->channels) {
        if (channel <= last || !channel.valid() ||
            static_cast<size_t>(channel.index()) >= problem.num_channels) {
          return InputError(where, "channels must ascend and lie in 0 .. ",
                            static_cast<int64_t>(problem.num_channels) - 1);
        }
        last = channel;
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckItems(const PlacementProblem& problem) {
  Bytes memory = 0;
  Picos total = 0;
  for (const ItemId id : problem.items.ids()) {
    const PlacementProblem::Item& item = problem.items[id];
    if (item.memory < 0 || item.workspace < 0) {
      return InputError(ItemPlace(problem, id), ": memory is negative");
    }
    memory = SaturatingAdd(memory, SaturatingAdd(item.memory, item.workspace));
    if (item.time.size() != problem.devices.size()) {
      return InputError(ItemPlace(problem, id), ": has times for ", item.time.size(),
                        " devices, but there are ", problem.devices.size());
    }
    Picos longest = -1;
    for (const DeviceId device : problem.devices.ids()) {
      if (!item.time[device].has_value()) continue;
      ALLOT_RETURN_IF_ERROR(
          CheckTime(*item.time[device],
                    absl::StrCat(ItemPlace(problem, id), ": the time on device ", device.index())));
      longest =
          std::max(longest, SaturatingAdd(*item.time[device], problem.devices[device].part_cost));
    }
    if (longest < 0) return InputError(ItemPlace(problem, id), ": no device can run it");
    total = SaturatingAdd(total, longest);
  }
  if (total > kMaxTotal) return InputError("the times of all items add up to more than 26 days");
  if (memory > kMaxTotal) return InputError("the memory of all items adds up to too many bytes");
  return absl::OkStatus();
}

absl::Status CheckFlows(const PlacementProblem& problem) {
  std::vector<std::vector<Route::Segment>> kinds;  // the distinct ways to transfer
  for (const auto& row : problem.routes) {
    for (const std::optional<Route>& route : row) {
      if (!route.has_value()) continue;
      if (std::find(kinds.begin(), kinds.end(), route->segments) == kinds.end()) {
        kinds.push_back(route->segments);
      }
    }
  }
  const auto num_devices = static_cast<int64_t>(problem.devices.size());
  Picos total = 0;
  Bytes bytes = 0;
  for (const FlowId id : problem.flows.ids()) {
    const PlacementProblem::Flow& flow = problem.flows[id];
    const std::string where = absl::StrCat("flow ", id.index());
    if (!problem.items.Contains(flow.from)) {
      return InputError(where, ": its producer ", flow.from.index(), " does not exist");
    }
    if (flow.bytes < 0) return InputError(where, ": bytes are negative");
    bytes = SaturatingAdd(bytes, SaturatingMultiply(flow.bytes, num_devices));
    ItemId last;
    for (const ItemId to : flow.to) {
      if (!problem.items.Contains(to)) {
        return InputError(where, ": its consumer ", to.index(), " does not exist");
      }
      if (to <= last) return InputError(where, ": its consumers do not ascend");
      if (to == flow.from) return InputError(where, ": ", ItemPlace(problem, to), " feeds itself");
      last = to;
    }
    Picos longest = 0;
    if (flow.time.empty()) {
      for (const std::vector<Route::Segment>& kind : kinds) {
        longest = std::max(longest, Route{kind, {}}.Time(flow.bytes));
      }
    } else if (flow.time.size() != problem.devices.size()) {
      return InputError(where, ": has times from ", flow.time.size(), " devices, but there are ",
                        problem.devices.size());
    }
    for (const auto& row : flow.time) {
      if (row.size() != problem.devices.size()) {
        return InputError(where, ": has times to ", row.size(), " devices, but there are ",
                          problem.devices.size());
      }
      for (const Picos time : row) {
        ALLOT_RETURN_IF_ERROR(CheckTime(time, where + ": a transfer time"));
        longest = std::max(longest, time);
      }
    }
    if (!flow.staging.empty()) {
      if (flow.staging.size() != problem.devices.size()) {
        return InputError(where, ": is staged for ", flow.staging.size(),
                          " devices, but there are ", problem.devices.size());
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

absl::Status CheckAcyclic(const PlacementProblem& problem) {
  IdVector<ItemId, std::vector<FlowId>> outputs(problem.items.size());
  for (const FlowId id : problem.flows.ids()) outputs[problem.flows[id].from].push_back(id);
  const auto read_by = [&](ItemId item, const auto& visit) {
    for (const FlowId flow : outputs[item]) {
      for (const ItemId to : problem.flows[flow].to) visit(to);
    }
  };
  const TopologicalSort<ItemId> sort =
      SortTopologically(problem.items.ids(), problem.items.size(), read_by, LastFirst<ItemId>());
  if (sort.order.size() == problem.items.size()) return absl::OkStatus();
  for (const ItemId item : problem.items.ids()) {
    if (sort.missing[static_cast<size_t>(item.index())] > 0) {
      return InputError(ItemPlace(problem, item), ": lies on or behind a cycle of flows");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckGroups(const PlacementProblem& problem) {
  for (size_t i = 0; i < problem.shared.size(); ++i) {
    if (problem.shared[i].bytes < 0 || problem.shared[i].bytes > kMaxTotal) {
      return InputError("shared memory ", i, ": ", problem.shared[i].bytes,
                        " bytes are out of range");
    }
    for (const ItemId item : problem.shared[i].items) {
      if (!problem.items.Contains(item)) {
        return InputError("shared memory ", i, ": item ", item.index(), " does not exist");
      }
    }
  }
  for (const std::vector<ItemId>& group : problem.together) {
    for (const ItemId item : group) {
      if (!problem.items.Contains(item)) {
        return InputError("a group names item ", item.index(), ", which does not exist");
      }
    }
  }
  // Groups that overlap are one group.
  for (const std::vector<ItemId>& group : JoinedGroups(problem)) {
    bool agrees = false;
    for (const DeviceId device : problem.devices.ids()) {
      bool all = true;
      for (const ItemId item : group) all = all && problem.items[item].time[device].has_value();
      agrees = agrees || all;
    }
    if (!agrees) {
      return InputError(ItemPlace(problem, group[0]), ": no device can run it together with ",
                        ItemPlace(problem, group[1]), " and the rest of their group of ",
                        group.size());
    }
  }
  return absl::OkStatus();
}

// The largest sum of what is live at once while a group runs its items in topological order: its
// internal flows, from the start of their producer to the end of their last consumer, and each
// item's own workspace.
class GroupWorkspace {
 public:
  GroupWorkspace(const PlacementProblem& problem, const IdVector<ItemId, ItemId>& group_of)
      : problem_(problem), uses_(problem.flows.size()), live_(problem.items.size()) {
    for (const FlowId id : problem.flows.ids()) {
      const PlacementProblem::Flow& flow = problem.flows[id];
      if (flow.to.empty()) continue;
      const ItemId group = group_of[flow.from];
      bool internal = true;
      for (const ItemId to : flow.to) internal = internal && group_of[to] == group;
      if (internal) uses_[id] = static_cast<int32_t>(flow.to.size());
    }
  }

  // The peak of each group; `graph` orders the items.
  IdVector<ItemId, Bytes> Peaks(const ProblemGraph& graph, const IdVector<ItemId, ItemId>& group_of,
                                size_t num_groups) {
    IdVector<ItemId, Bytes> peak(num_groups);
    for (const ItemId item : graph.topological) {
      const ItemId group = group_of[item];
      for (const FlowId flow : graph.outputs[item]) {
        if (uses_[flow] > 0) live_[group] += problem_.flows[flow].bytes;
      }
      peak[group] = std::max(peak[group], live_[group] + problem_.items[item].workspace);
      for (const FlowId flow : graph.inputs[item]) {
        if (uses_[flow] > 0 && --uses_[flow] == 0) live_[group] -= problem_.flows[flow].bytes;
      }
    }
    return peak;
  }

 private:
  const PlacementProblem& problem_;
  IdVector<FlowId, int32_t> uses_;  // of internal flows, still to come
  IdVector<ItemId, Bytes> live_;    // by group
};

std::vector<ItemId> MapToGroups(const std::vector<ItemId>& items,
                                const IdVector<ItemId, ItemId>& group_of) {
  std::vector<ItemId> groups;
  for (const ItemId item : items) groups.push_back(group_of[item]);
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

}  // namespace

std::optional<Picos> PlacementProblem::TransferTime(FlowId flow, DeviceId from, DeviceId to) const {
  if (from == to) return 0;
  if (!flows[flow].staging.empty()) return flows[flow].staging[from] + flows[flow].staging[to];
  if (!flows[flow].time.empty()) return flows[flow].time[from][to];
  if (routes.empty()) return std::nullopt;
  const std::optional<Route>& route = routes[from][to];
  if (!route.has_value()) return std::nullopt;
  return route->Time(flows[flow].bytes);
}

const std::vector<ChannelId>& PlacementProblem::Channels(DeviceId from, DeviceId to) const {
  static const std::vector<ChannelId>& kNone = *new std::vector<ChannelId>();
  if (communication == Communication::kDelay || from == to || routes.empty()) return kNone;
  const std::optional<Route>& route = routes[from][to];
  return route.has_value() ? route->channels : kNone;
}

ProblemGraph BuildGraph(const PlacementProblem& problem) {
  const size_t n = problem.items.size();
  ProblemGraph graph{IdVector<ItemId, std::vector<FlowId>>(n),
                     IdVector<ItemId, std::vector<FlowId>>(n),
                     IdVector<ItemId, std::vector<ItemId>>(n),
                     IdVector<ItemId, std::vector<ItemId>>(n),
                     {}};
  for (const FlowId id : problem.flows.ids()) {
    const PlacementProblem::Flow& flow = problem.flows[id];
    graph.outputs[flow.from].push_back(id);
    for (const ItemId to : flow.to) {
      graph.inputs[to].push_back(id);
      graph.successors[flow.from].push_back(to);
      graph.predecessors[to].push_back(flow.from);
    }
  }
  for (const ItemId item : problem.items.ids()) {
    for (std::vector<ItemId>* list : {&graph.predecessors[item], &graph.successors[item]}) {
      std::sort(list->begin(), list->end());
      list->erase(std::unique(list->begin(), list->end()), list->end());
    }
  }
  graph.topological =
      SortTopologically(problem.items.ids(), n, SuccessorsIn(graph.successors)).order;
  return graph;
}

std::vector<std::vector<ItemId>> JoinedGroups(const PlacementProblem& problem) {
  if (problem.together.empty()) return {};
  UnionFind sets(problem.items.size());
  for (const std::vector<ItemId>& group : problem.together) {
    for (size_t i = 1; i < group.size(); ++i) sets.Merge(group[i - 1].index(), group[i].index());
  }
  std::map<int32_t, std::vector<ItemId>> members;  // by the smallest
  for (const ItemId item : problem.items.ids()) {
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

absl::Status Check(const PlacementProblem& problem) {
  ALLOT_RETURN_IF_ERROR(CheckMachine(problem));
  ALLOT_RETURN_IF_ERROR(CheckItems(problem));
  ALLOT_RETURN_IF_ERROR(CheckFlows(problem));
  ALLOT_RETURN_IF_ERROR(CheckCalls(problem));
  ALLOT_RETURN_IF_ERROR(CheckAcyclic(problem));
  return CheckGroups(problem);
}

PlacementProblem Contract(const PlacementProblem& problem, const IdVector<ItemId, ItemId>& group_of,
                          size_t num_groups, Launch launch) {
  ALLOT_CHECK(group_of.size() == problem.items.size());
  PlacementProblem contracted;
  contracted.objective = problem.objective;
  contracted.communication = problem.communication;
  contracted.execution = problem.execution;
  contracted.calls_per_device = problem.calls_per_device;
  contracted.contiguous = problem.contiguous;
  contracted.launch_on_arrival = launch == Launch::kIgnore && problem.launch_on_arrival;
  contracted.devices = problem.devices;
  contracted.num_channels = problem.num_channels;
  contracted.routes = problem.routes;

  const ProblemGraph graph = BuildGraph(problem);
  const IdVector<ItemId, Bytes> workspace =
      GroupWorkspace(problem, group_of).Peaks(graph, group_of, num_groups);
  IdVector<ItemId, size_t> size(num_groups);
  contracted.items.resize(num_groups);
  for (const ItemId id : problem.items.ids()) {
    const PlacementProblem::Item& item = problem.items[id];
    PlacementProblem::Item& group = contracted.items[group_of[id]];
    if (size[group_of[id]]++ == 0) {
      group.name = item.name;
      group.time = item.time;
      group.backward = item.backward;
    } else {
      group.backward = group.backward && item.backward;
      for (const DeviceId device : problem.devices.ids()) {
        if (!group.time[device].has_value()) continue;
        if (item.time[device].has_value()) {
          *group.time[device] += *item.time[device];
        } else {
          group.time[device].reset();
        }
      }
    }
    group.memory += item.memory;
  }
  for (const ItemId id : contracted.items.ids()) {
    PlacementProblem::Item& group = contracted.items[id];
    group.workspace = workspace[id];
    if (size[id] == 0) group.time.resize(problem.devices.size(), Picos{0});
    if (size[id] > 1) absl::StrAppend(&group.name, " +", size[id] - 1);
    if (launch == Launch::kIgnore) continue;
    for (const DeviceId device : problem.devices.ids()) {
      if (group.time[device].has_value()) *group.time[device] += problem.devices[device].part_cost;
    }
  }
  if (launch == Launch::kPerGroup) {
    for (PlacementProblem::MachineDevice& device : contracted.devices) device.part_cost = 0;
  }

  for (const PlacementProblem::Flow& flow : problem.flows) {
    const ItemId from = group_of[flow.from];
    std::vector<ItemId> to = MapToGroups(flow.to, group_of);
    to.erase(std::remove(to.begin(), to.end(), from), to.end());
    if (to.empty() && !flow.to.empty()) continue;
    contracted.flows.Add({from, std::move(to), flow.bytes, flow.time, flow.staging});
  }
  for (const PlacementProblem::SharedMemory& shared : problem.shared) {
    contracted.shared.push_back({shared.bytes, MapToGroups(shared.items, group_of)});
  }
  for (const std::vector<ItemId>& group : problem.together) {
    std::vector<ItemId> mapped = MapToGroups(group, group_of);
    if (mapped.size() > 1) contracted.together.push_back(std::move(mapped));
  }
  return contracted;
}

}  // namespace allot
