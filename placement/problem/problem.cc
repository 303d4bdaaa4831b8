#include "placement/problem/problem.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "support/status.h"

namespace allot {
namespace {

absl::Status CheckNoPool(const PlacementProblem& problem) {
  for (const DeviceId device : problem.devices.ids()) {
    if (!problem.devices[device].pool) continue;
    return InputError("device ", device.index(), " '", problem.devices[device].name,
                      "': only a problem of calls can have a pool");
  }
  return absl::OkStatus();
}

absl::Status CheckCalls(const PlacementProblem& problem) {
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

absl::Status Check(const PlacementProblem& problem) {
  ALLOT_RETURN_IF_ERROR(CheckMachine(problem));
  ALLOT_RETURN_IF_ERROR(CheckWorkload(problem, problem));
  return problem.execution == Execution::kCalls ? CheckCalls(problem) : CheckNoPool(problem);
}

PlacementProblem Contract(const PlacementProblem& problem, const IdVector<ItemId, ItemId>& group_of,
                          size_t num_groups, Launch launch) {
  ALLOT_CHECK(group_of.size() == problem.items.size());
  PlacementProblem contracted;
  static_cast<Machine&>(contracted) = problem;
  static_cast<PlacementQuestion&>(contracted) = problem;
  if (launch == Launch::kPerGroup) contracted.launch_on_arrival = false;

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
