#include "placement/verify/verify.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "placement/verify/violation.h"
#include "support/status.h"

namespace allot {
namespace {

bool HasRoute(const PlacementProblem& problem, DeviceId from, DeviceId to) {
  return !problem.routes.empty() && problem.routes[from][to].has_value();
}

// The schedule of an answer whose placement has passed. Written to be read against the definitions,
// not to be fast; still near-linear, since every answer is verified.
class ScheduleExamination {
 public:
  ScheduleExamination(const PlacementProblem& problem, const Solution& solution,
                      const Schedule& schedule)
      : problem_(problem), solution_(solution), schedule_(schedule) {}

  absl::Status Shape() const {
    const size_t n = problem_.items.size();
    if (schedule_.start.size() == n && schedule_.end.size() == n) return absl::OkStatus();
    return Violation("the schedule does not have ", n, " items");
  }

  // Each device runs its items as they stand in the order.
  absl::Status Sequences() const {
    IdVector<DeviceId, ItemId> last(problem_.devices.size());
    for (const ItemId item : solution_.order) {
      ItemId& before = last[solution_.device_of[item]];
      if (before.valid() && schedule_.start[item] < schedule_.end[before]) {
        return Violation(Name(item), " starts before ", Name(before),
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
        return Violation(Name(item), " runs from ", schedule_.start[item], " to ",
                         schedule_.end[item], " but takes ", time);
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
        return Violation("a transfer of something that does not exist");
      }
      const PlacementProblem::Flow& flow = problem_.flows[transfer.flow];
      const std::string name =
          absl::StrCat("the transfer of flow ", transfer.flow.index(), " to ", Name(transfer.to));
      const bool store = !flow.staging.empty() && transfer.from == transfer.to;
      if (transfer.from != solution_.device_of[flow.from] ||
          (transfer.from == transfer.to && !store)) {
        return Violation(name, " does not start where its producer is");
      }
      if (transfer.start < schedule_.end[flow.from]) {
        return Violation(name, " starts before its producer ends");
      }
      if (!flow.staging.empty() && !store) {
        const auto it = stored.find(transfer.flow);
        if (it == stored.end()) return Violation(name, " loads what was never stored");
        if (transfer.start < it->second) return Violation(name, " starts before its store ends");
      }
      Picos time = 0;
      if (!flow.staging.empty()) {
        time = flow.staging[transfer.to];
      } else if (!flow.time.empty()) {
        time = flow.time[transfer.from][transfer.to];
      } else if (!HasRoute(problem_, transfer.from, transfer.to)) {
        return Violation(name, " has no route");
      } else {
        time = problem_.routes[transfer.from][transfer.to]->Time(flow.bytes);
      }
      if (transfer.end - transfer.start != time) {
        return Violation(name, " lasts ", transfer.end - transfer.start, " instead of ", time);
      }
      const Picos wait =
          problem_.launch_on_arrival ? problem_.devices[transfer.to].part_cost : Picos{0};
      if (!arrival.emplace(std::make_pair(transfer.flow, transfer.to), transfer.end + wait)
               .second) {
        return Violation(name, " stands in the schedule twice");
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
            return Violation("flow ", id.index(), " never reaches ", Name(on));
          }
          there = it->second;
        }
        if (schedule_.start[to] < there) {
          return Violation(Name(to), " starts at ", schedule_.start[to], " but its input from ",
                           Name(flow.from), " is there at ", there);
        }
      }
      needed += receivers.size();
      if (!flow.staging.empty() && !receivers.empty()) ++needed;  // the store
    }
    if (needed != arrival.size()) return Violation("the schedule has transfers that nobody needs");
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
      if (HasRoute(problem_, transfer.from, transfer.to)) {
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
      if (overlaps(devices[device])) return Violation(Name(device), " does two things at once");
    }
    for (const ChannelId channel : channels.ids()) {
      if (overlaps(channels[channel])) {
        return Violation("channel ", channel.index(), " carries two transfers at once");
      }
    }
    return absl::OkStatus();
  }

  // Execution in calls, from its definition: every call lasts its items, loads and stores; it
  // starts after its inputs are there; calls of one device do not overlap and run as numbered.
  absl::Status Calls() const {
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
      const auto [it, first] = runs.try_emplace(k);
      Run& run = it->second;
      if (first) {
        run = {schedule_.start[item], schedule_.end[item], machine.pool ? 0 : machine.part_cost};
      }
      if (run.start != schedule_.start[item] || run.end != schedule_.end[item]) {
        return Violation(Name(item), " does not run with the rest of its call");
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
          return Violation("a call of ", Name(reader.first), " starts at ", runs[reader].start,
                           " but reads what ", Name(flow.from), " has made at ", runs[maker].end);
        }
      }
    }
    const Run* before = nullptr;
    DeviceId device;
    for (const auto& [k, run] : runs) {  // by device, then by number
      if (run.start < 0 || run.end - run.start != run.lasts) {
        return Violation("call ", k.second, " of ", Name(k.first), " runs from ", run.start, " to ",
                         run.end, " but takes ", run.lasts);
      }
      if (k.first == device && !problem_.devices[device].pool && run.start < before->end) {
        return Violation("call ", k.second, " of ", Name(device),
                         " starts before the one before ends");
      }
      device = k.first;
      before = &run;
    }
    return absl::OkStatus();
  }

  absl::Status Memory() const {
    const IdVector<DeviceId, MemoryUse> use = MeasureMemory(problem_, solution_, schedule_);
    for (const DeviceId device : problem_.devices.ids()) {
      const Bytes capacity = problem_.devices[device].memory;
      const MemoryUse& most = use[device];
      if (most.resident > capacity) {
        return ExcessOfMemory(Name(device), " holds ", most.resident, " resident bytes but has ",
                              capacity);
      }
      if (most.peak > capacity) {
        return ExcessOfMemory(Name(device), " holds ", most.peak, " bytes at ", most.at,
                              " ps but has ", capacity);
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
        if (HasRoute(problem_, transfer.from, transfer.to)) {
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
    if (value != claimed) return Violation("the objective is ", value, " instead of ", claimed);
    return absl::OkStatus();
  }

 private:
  std::string Name(ItemId item) const { return NameOf(problem_, item); }
  std::string Name(DeviceId device) const { return NameOf(problem_, device); }

  const PlacementProblem& problem_;
  const Solution& solution_;
  const Schedule& schedule_;
};

}  // namespace

absl::Status Verify(const PlacementProblem& problem, const Solution& solution,
                    const Schedule& schedule, Picos claimed) {
  ALLOT_RETURN_IF_ERROR(VerifyPlacement(problem, solution));
  const ScheduleExamination examination(problem, solution, schedule);
  ALLOT_RETURN_IF_ERROR(examination.Shape());
  if (problem.execution == Execution::kCalls) {
    ALLOT_RETURN_IF_ERROR(examination.Calls());
  } else {
    ALLOT_RETURN_IF_ERROR(examination.Sequences());
    ALLOT_RETURN_IF_ERROR(examination.Durations());
    ALLOT_RETURN_IF_ERROR(examination.Transfers());
    ALLOT_RETURN_IF_ERROR(examination.Exclusion());
  }
  ALLOT_RETURN_IF_ERROR(examination.Memory());
  return examination.Objective(claimed);
}

}  // namespace allot
