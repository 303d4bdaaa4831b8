#include "placement/verify.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "support/status.h"

namespace allot {
namespace {

// One answer under examination. Written to be read against the definitions, not to be fast; still
// near-linear, since every answer is verified.
class Examination {
 public:
  Examination(const PlacementProblem& problem, const Solution& solution, const Schedule& schedule)
      : problem_(problem), solution_(solution), schedule_(schedule) {}

  absl::Status Shape() const {
    const size_t n = problem_.items.size();
    if (solution_.device_of.size() != n) {
      return Wrong("the placement has ", solution_.device_of.size(), " items instead of ", n);
    }
    if (solution_.order.size() != n) {
      return Wrong("the order has ", solution_.order.size(), " items instead of ", n);
    }
    if (schedule_.start.size() != n || schedule_.end.size() != n) {
      return Wrong("the schedule does not have ", n, " items");
    }
    for (const ItemId item : problem_.items.ids()) {
      const DeviceId device = solution_.device_of[item];
      if (!problem_.devices.Contains(device)) {
        return Wrong(Name(item), " is on device ", device.index(), ", which does not exist");
      }
      if (!problem_.items[item].time[device].has_value()) {
        return Wrong(Name(item), " is on ", Name(device), ", which cannot run it");
      }
    }
    return absl::OkStatus();
  }

  absl::Status Groups() const {
    for (const std::vector<ItemId>& group : problem_.together) {
      for (const ItemId item : group) {
        if (solution_.device_of[item] != solution_.device_of[group[0]]) {
          return Wrong(Name(item), " and ", Name(group[0]), " must share a device");
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status Order() const {
    IdVector<ItemId, int64_t> position(problem_.items.size(), -1);
    for (size_t i = 0; i < solution_.order.size(); ++i) {
      const ItemId item = solution_.order[i];
      if (!problem_.items.Contains(item)) {
        return Wrong("the order names item ", item.index(), ", which does not exist");
      }
      if (position[item] >= 0) return Wrong(Name(item), " stands in the order twice");
      position[item] = static_cast<int64_t>(i);
    }
    for (const PlacementProblem::Flow& flow : problem_.flows) {
      for (const ItemId to : flow.to) {
        if (position[to] < position[flow.from]) {
          return Wrong(Name(to), " stands in the order before ", Name(flow.from),
                       ", which feeds it");
        }
      }
    }
    return absl::OkStatus();
  }

  // Each device runs its items as they stand in the order.
  absl::Status Sequences() const {
    IdVector<DeviceId, ItemId> last(problem_.devices.size());
    for (const ItemId item : solution_.order) {
      ItemId& before = last[solution_.device_of[item]];
      if (before.valid() && schedule_.start[item] < schedule_.end[before]) {
        return Wrong(Name(item), " starts before ", Name(before),
                     " ends, which its device runs before it");
      }
      before = item;
    }
    return absl::OkStatus();
  }

  absl::Status Durations() const {
    for (const ItemId item : problem_.items.ids()) {
      const Picos time = *problem_.items[item].time[solution_.device_of[item]];
      if (schedule_.start[item] < 0 || schedule_.end[item] - schedule_.start[item] != time) {
        return Wrong(Name(item), " runs from ", schedule_.start[item], " to ", schedule_.end[item],
                     " but takes ", time);
      }
    }
    return absl::OkStatus();
  }

  // Each flow reaches each device that consumes it by exactly one transfer of the right length,
  // after its producer and before its consumers.
  // A staged flow that leaves its device has one store, before all its loads.
  absl::Status Transfers() const {
    std::map<std::pair<FlowId, DeviceId>, Picos> arrival;
    std::map<FlowId, Picos> stored;
    for (const ScheduledTransfer& transfer : schedule_.transfers) {
      if (transfer.from == transfer.to) stored[transfer.flow] = transfer.end;
    }
    for (const ScheduledTransfer& transfer : schedule_.transfers) {
      if (!problem_.flows.Contains(transfer.flow) || !problem_.devices.Contains(transfer.to)) {
        return Wrong("a transfer of something that does not exist");
      }
      const PlacementProblem::Flow& flow = problem_.flows[transfer.flow];
      const std::string name =
          absl::StrCat("the transfer of flow ", transfer.flow.index(), " to ", Name(transfer.to));
      const bool store = !flow.staging.empty() && transfer.from == transfer.to;
      if (transfer.from != solution_.device_of[flow.from] ||
          (transfer.from == transfer.to && !store)) {
        return Wrong(name, " does not start where its producer is");
      }
      if (transfer.start < schedule_.end[flow.from]) {
        return Wrong(name, " starts before its producer ends");
      }
      if (!flow.staging.empty() && !store) {
        const auto it = stored.find(transfer.flow);
        if (it == stored.end()) return Wrong(name, " loads what was never stored");
        if (transfer.start < it->second) return Wrong(name, " starts before its store ends");
      }
      Picos time = 0;
      if (!flow.staging.empty()) {
        time = flow.staging[transfer.to];
      } else if (!flow.time.empty()) {
        time = flow.time[transfer.from][transfer.to];
      } else if (!HasRoute(transfer.from, transfer.to)) {
        return Wrong(name, " has no route");
      } else {
        time = problem_.routes[transfer.from][transfer.to]->Time(flow.bytes);
      }
      if (transfer.end - transfer.start != time) {
        return Wrong(name, " lasts ", transfer.end - transfer.start, " instead of ", time);
      }
      const Picos wait =
          problem_.launch_on_arrival ? problem_.devices[transfer.to].part_cost : Picos{0};
      if (!arrival.emplace(std::make_pair(transfer.flow, transfer.to), transfer.end + wait)
               .second) {
        return Wrong(name, " stands in the schedule twice");
      }
    }
    size_t needed = 0;
    for (const FlowId id : problem_.flows.ids()) {
      const PlacementProblem::Flow& flow = problem_.flows[id];
      const DeviceId from = solution_.device_of[flow.from];
      std::set<DeviceId> receivers;
      for (const ItemId to : flow.to) {
        const DeviceId on = solution_.device_of[to];
        Picos there = schedule_.end[flow.from];
        if (on != from) {
          receivers.insert(on);
          const auto it = arrival.find({id, on});
          if (it == arrival.end()) {
            return Wrong("flow ", id.index(), " never reaches ", Name(on));
          }
          there = it->second;
        }
        if (schedule_.start[to] < there) {
          return Wrong(Name(to), " starts at ", schedule_.start[to], " but its input from ",
                       Name(flow.from), " is there at ", there);
        }
      }
      needed += receivers.size();
      if (!flow.staging.empty() && !receivers.empty()) ++needed;  // the store
    }
    if (needed != arrival.size()) return Wrong("the schedule has transfers that nobody needs");
    return absl::OkStatus();
  }

  absl::Status Exclusion() const {
    using Use = std::pair<Picos, Picos>;  // start, end
    IdVector<DeviceId, std::vector<Use>> devices(problem_.devices.size());
    IdVector<ChannelId, std::vector<Use>> channels(problem_.num_channels);
    for (const ItemId item : problem_.items.ids()) {
      devices[solution_.device_of[item]].emplace_back(schedule_.start[item], schedule_.end[item]);
    }
    for (const ScheduledTransfer& transfer : schedule_.transfers) {
      const Use use(transfer.start, transfer.end);
      if (problem_.communication == Communication::kDelay) continue;
      if (!problem_.flows[transfer.flow].staging.empty()) {
        if (problem_.communication == Communication::kBlocking) devices[transfer.to].push_back(use);
        continue;
      }
      if (HasRoute(transfer.from, transfer.to)) {
        for (const ChannelId channel : problem_.routes[transfer.from][transfer.to]->channels) {
          channels[channel].push_back(use);
        }
      }
      if (problem_.communication != Communication::kBlocking) continue;
      devices[transfer.from].push_back(use);
      devices[transfer.to].push_back(use);
    }
    const auto overlaps = [](std::vector<Use>& uses) {
      std::sort(uses.begin(), uses.end());
      for (size_t i = 1; i < uses.size(); ++i) {
        if (uses[i].first < uses[i - 1].second) return true;
      }
      return false;
    };
    for (const DeviceId device : problem_.devices.ids()) {
      if (overlaps(devices[device])) return Wrong(Name(device), " does two things at once");
    }
    for (const ChannelId channel : channels.ids()) {
      if (overlaps(channels[channel])) {
        return Wrong("channel ", channel.index(), " carries two transfers at once");
      }
    }
    return absl::OkStatus();
  }

  // The devices without those that nothing enters, again and again, are none.
  absl::Status Contiguity() const {
    std::map<ItemId, ItemId> leader;  // of items in groups: the least that is known to be with them
    for (const ItemId item : problem_.items.ids()) leader[item] = item;
    for (size_t changed = 1; changed > 0;) {
      changed = 0;
      for (const std::vector<ItemId>& group : problem_.together) {
        ItemId least = leader[group.empty() ? ItemId(0) : group[0]];
        for (const ItemId item : group) least = std::min(least, leader[item]);
        for (const ItemId item : group) {
          if (leader[item] != least) ++changed;
          leader[item] = least;
        }
      }
    }
    std::set<ItemId> forward;  // leaders of sets with forward items
    for (const auto& [item, first] : leader) {
      if (!problem_.items[item].backward) forward.insert(first);
    }
    std::set<std::pair<DeviceId, DeviceId>> leads;
    for (const PlacementProblem::Flow& flow : problem_.flows) {
      const DeviceId from = solution_.device_of[flow.from];
      for (const ItemId consumer : flow.to) {
        const DeviceId to = solution_.device_of[consumer];
        const bool back = problem_.items[flow.from].backward;
        if (from == to || back != problem_.items[consumer].backward) continue;
        if (!back) leads.emplace(from, to);
        if (back &&
            (forward.count(leader[flow.from]) == 0 || forward.count(leader[consumer]) == 0)) {
          leads.emplace(to, from);
        }
      }
    }
    std::set<DeviceId> left;
    for (const DeviceId device : problem_.devices.ids()) left.insert(device);
    while (!left.empty()) {
      std::set<DeviceId> entered;
      for (const auto& [from, to] : leads) {
        if (left.count(from) > 0) entered.insert(to);
      }
      std::set<DeviceId> rest;
      for (const DeviceId device : left) {
        if (entered.count(device) > 0) rest.insert(device);
      }
      if (rest.size() == left.size()) {
        return Wrong(Name(*left.begin()),
                     " is not contiguous: what it feeds leads back to what it holds");
      }
      left = std::move(rest);
    }
    return absl::OkStatus();
  }

  // Execution in calls, from its definition: every call lasts its items, loads and stores; it
  // starts after its inputs are there; calls of one device do not overlap and run as numbered.
  absl::Status Calls() const {
    if (!solution_.call_of.empty() && solution_.call_of.size() != problem_.items.size()) {
      return Wrong("the calls are given for ", solution_.call_of.size(), " items instead of ",
                   problem_.items.size());
    }
    // (device, call) of an item; pools have a call of its own for each item.
    using CallKey = std::pair<DeviceId, int64_t>;
    const auto key = [this](ItemId item) {
      const DeviceId device = solution_.device_of[item];
      if (problem_.devices[device].pool) return CallKey(device, item.index());
      return CallKey(device, solution_.call_of.empty() ? 0 : solution_.call_of[item]);
    };
    struct Run {
      Picos start = -1, end = -1, lasts = 0;
    };
    std::map<CallKey, Run> runs;
    for (const ItemId item : problem_.items.ids()) {
      const CallKey k = key(item);
      const PlacementProblem::MachineDevice& machine = problem_.devices[k.first];
      if (!machine.pool && (k.second < 0 || k.second >= problem_.calls_per_device)) {
        return Wrong(Name(item), " is in call ", k.second, " of ", Name(k.first), ", which makes ",
                     problem_.calls_per_device, " at most");
      }
      const auto [it, first] = runs.try_emplace(k);
      Run& run = it->second;
      if (first) {
        run = {schedule_.start[item], schedule_.end[item], machine.pool ? 0 : machine.part_cost};
      }
      if (run.start != schedule_.start[item] || run.end != schedule_.end[item]) {
        return Wrong(Name(item), " does not run with the rest of its call");
      }
      run.lasts += *problem_.items[item].time[k.first];
    }
    for (const FlowId id : problem_.flows.ids()) {
      const PlacementProblem::Flow& flow = problem_.flows[id];
      std::set<CallKey> readers;
      for (const ItemId to : flow.to) readers.insert(key(to));
      const CallKey maker = key(flow.from);
      readers.erase(maker);
      if (readers.empty()) continue;
      if (!problem_.devices[maker.first].pool) runs[maker].lasts += flow.staging[maker.first];
      for (const CallKey& reader : readers) {
        if (!problem_.devices[reader.first].pool) runs[reader].lasts += flow.staging[reader.first];
        if (runs[reader].start < runs[maker].end) {
          return Wrong("a call of ", Name(reader.first), " starts at ", runs[reader].start,
                       " but reads what ", Name(flow.from), " has made at ", runs[maker].end);
        }
      }
    }
    const Run* before = nullptr;
    DeviceId device;
    for (const auto& [k, run] : runs) {  // by device, then by number
      if (run.start < 0 || run.end - run.start != run.lasts) {
        return Wrong("call ", k.second, " of ", Name(k.first), " runs from ", run.start, " to ",
                     run.end, " but takes ", run.lasts);
      }
      if (k.first == device && !problem_.devices[device].pool && run.start < before->end) {
        return Wrong("call ", k.second, " of ", Name(device), " starts before the one before ends");
      }
      device = k.first;
      before = &run;
    }
    return absl::OkStatus();
  }

  absl::Status Memory() const {
    IdVector<DeviceId, Bytes> resident(problem_.devices.size());
    for (const ItemId item : problem_.items.ids()) {
      resident[solution_.device_of[item]] += problem_.items[item].memory;
    }
    for (const PlacementProblem::SharedMemory& shared : problem_.shared) {
      std::set<DeviceId> holders;
      for (const ItemId item : shared.items) holders.insert(solution_.device_of[item]);
      for (const DeviceId device : holders) resident[device] += shared.bytes;
    }
    if (problem_.execution == Execution::kCalls) {
      for (const DeviceId device : problem_.devices.ids()) {
        if (resident[device] > problem_.devices[device].memory) {
          return Wrong(Name(device), " holds ", resident[device], " resident bytes but has ",
                       problem_.devices[device].memory);
        }
      }
      return absl::OkStatus();
    }
    // By device: bytes that come (positive) and go at an instant.
    IdVector<DeviceId, std::multimap<Picos, Bytes>> changes(problem_.devices.size());
    const auto hold = [&changes](DeviceId device, Picos from, Picos to, Bytes bytes) {
      if (from == to) return;
      changes[device].emplace(from, bytes);
      changes[device].emplace(to, -bytes);
    };
    Picos makespan = 0;
    for (const Picos end : schedule_.end) makespan = std::max(makespan, end);
    std::map<std::pair<FlowId, DeviceId>, Picos> until;  // last local use
    for (const FlowId id : problem_.flows.ids()) {
      for (const ItemId to : problem_.flows[id].to) {
        Picos& last = until[{id, solution_.device_of[to]}];
        last = std::max(last, schedule_.end[to]);
      }
      const ItemId from = problem_.flows[id].from;
      Picos& last = until[{id, solution_.device_of[from]}];
      last = std::max(last, problem_.flows[id].to.empty() ? makespan : schedule_.end[from]);
    }
    for (const ScheduledTransfer& transfer : schedule_.transfers) {
      // A staged tensor leaves its producer's device with the store; host memory has no limit.
      const bool store = transfer.from == transfer.to;
      if (store || problem_.flows[transfer.flow].staging.empty()) {
        Picos& last = until[{transfer.flow, transfer.from}];
        last = std::max(last, transfer.end);
      }
      if (store) continue;
      hold(transfer.to, transfer.start, until[{transfer.flow, transfer.to}],
           problem_.flows[transfer.flow].bytes);
    }
    for (const FlowId id : problem_.flows.ids()) {
      const ItemId from = problem_.flows[id].from;
      const DeviceId device = solution_.device_of[from];
      hold(device, schedule_.start[from], until[{id, device}], problem_.flows[id].bytes);
    }
    for (const ItemId item : problem_.items.ids()) {
      hold(solution_.device_of[item], schedule_.start[item], schedule_.end[item],
           problem_.items[item].workspace);
    }
    for (const DeviceId device : problem_.devices.ids()) {
      const Bytes capacity = problem_.devices[device].memory;
      Bytes now = resident[device];
      if (now > capacity) {
        return Wrong(Name(device), " holds ", now, " resident bytes but has ", capacity);
      }
      for (auto it = changes[device].begin(); it != changes[device].end();) {
        const Picos instant = it->first;
        for (; it != changes[device].end() && it->first == instant; ++it) now += it->second;
        if (now > capacity) {
          return Wrong(Name(device), " holds ", now, " bytes at ", instant, " ps but has ",
                       capacity);
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status Objective(Picos claimed) const {
    Picos value = 0;
    if (problem_.objective == PlacementObjective::kLatency) {
      for (const Picos end : schedule_.end) value = std::max(value, end);
    } else {
      std::map<DeviceId, Picos> devices;
      std::map<ChannelId, Picos> channels;
      for (const ItemId item : problem_.items.ids()) {
        const DeviceId device = solution_.device_of[item];
        const Picos launch = problem_.launch_on_arrival ? problem_.devices[device].part_cost : 0;
        const auto it = devices.emplace(device, launch).first;
        it->second += schedule_.end[item] - schedule_.start[item];
      }
      for (const ScheduledTransfer& transfer : schedule_.transfers) {
        const Picos time = transfer.end - transfer.start;
        if (problem_.communication == Communication::kDelay) continue;
        if (!problem_.flows[transfer.flow].staging.empty()) {
          if (problem_.communication == Communication::kBlocking) devices[transfer.to] += time;
          continue;
        }
        if (HasRoute(transfer.from, transfer.to)) {
          for (const ChannelId channel : problem_.routes[transfer.from][transfer.to]->channels) {
            channels[channel] += time;
          }
        }
        if (problem_.communication != Communication::kBlocking) continue;
        devices[transfer.from] += time;
        devices[transfer.to] += time;
      }
      for (const auto& [device, load] : devices) value = std::max(value, load);
      for (const auto& [channel, load] : channels) value = std::max(value, load);
    }
    if (value != claimed) return Wrong("the objective is ", value, " instead of ", claimed);
    return absl::OkStatus();
  }

 private:
  template <typename... Parts>
  static absl::Status Wrong(const Parts&... parts) {
    return absl::FailedPreconditionError(absl::StrCat(parts...));
  }
  std::string Name(ItemId item) const {
    return absl::StrCat("item ", item.index(), " '", problem_.items[item].name, "'");
  }
  std::string Name(DeviceId device) const {
    return absl::StrCat("device '", problem_.devices[device].name, "'");
  }
  bool HasRoute(DeviceId from, DeviceId to) const {
    return !problem_.routes.empty() && problem_.routes[from][to].has_value();
  }

  const PlacementProblem& problem_;
  const Solution& solution_;
  const Schedule& schedule_;
};

}  // namespace

absl::Status Verify(const PlacementProblem& problem, const Solution& solution,
                    const Schedule& schedule, Picos claimed) {
  const Examination examination(problem, solution, schedule);
  ALLOT_RETURN_IF_ERROR(examination.Shape());
  ALLOT_RETURN_IF_ERROR(examination.Groups());
  ALLOT_RETURN_IF_ERROR(examination.Order());
  if (problem.execution == Execution::kCalls) {
    ALLOT_RETURN_IF_ERROR(examination.Calls());
    ALLOT_RETURN_IF_ERROR(examination.Memory());
    return examination.Objective(claimed);
  }
  if (problem.contiguous) ALLOT_RETURN_IF_ERROR(examination.Contiguity());
  ALLOT_RETURN_IF_ERROR(examination.Sequences());
  ALLOT_RETURN_IF_ERROR(examination.Durations());
  ALLOT_RETURN_IF_ERROR(examination.Transfers());
  ALLOT_RETURN_IF_ERROR(examination.Exclusion());
  ALLOT_RETURN_IF_ERROR(examination.Memory());
  return examination.Objective(claimed);
}

}  // namespace allot
