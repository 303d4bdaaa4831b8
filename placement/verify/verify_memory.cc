// The use of memory along a schedule, from the definition.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "placement/verify/verify.h"

namespace allot {

IdVector<DeviceId, MemoryUse> MeasureMemory(const PlacementProblem& problem,
                                            const Solution& solution, const Schedule& schedule) {
  IdVector<DeviceId, MemoryUse> use(problem.devices.size());
  for (const ItemId item : problem.items.ids()) {
    use[solution.device_of[item]].resident += problem.items[item].memory;
  }
  for (const PlacementProblem::SharedMemory& shared : problem.shared) {
    std::set<DeviceId> holders;
    for (const ItemId item : shared.items) holders.insert(solution.device_of[item]);
    for (const DeviceId device : holders) use[device].resident += shared.bytes;
  }
  for (MemoryUse& device : use) device.peak = device.resident;
  if (problem.execution == Execution::kCalls) return use;  // tensors are in host memory
  // By device: bytes that come (positive) and go at an instant.
  IdVector<DeviceId, std::multimap<Picos, Bytes>> changes(problem.devices.size());
  const auto hold = [&changes](DeviceId device, Picos from, Picos to, Bytes bytes) {
    if (from == to) return;
    changes[device].emplace(from, bytes);
    changes[device].emplace(to, -bytes);
  };
  Picos makespan = 0;
  for (const Picos end : schedule.end) makespan = std::max(makespan, end);
  std::map<std::pair<FlowId, DeviceId>, Picos> until;  // last local use
  for (const FlowId id : problem.flows.ids()) {
    for (const ItemId to : problem.flows[id].to) {
      Picos& last = until[{id, solution.device_of[to]}];
      last = std::max(last, schedule.end[to]);
    }
    const ItemId from = problem.flows[id].from;
    Picos& last = until[{id, solution.device_of[from]}];
    last = std::max(last, problem.flows[id].to.empty() ? makespan : schedule.end[from]);
  }
  for (const ScheduledTransfer& transfer : schedule.transfers) {
    // A staged tensor leaves its producer's device with the store; host memory has no limit.
    const bool store = transfer.from == transfer.to;
    if (store || problem.flows[transfer.flow].staging.empty()) {
      Picos& last = until[{transfer.flow, transfer.from}];
      last = std::max(last, transfer.end);
    }
    if (store) continue;
    hold(transfer.to, transfer.start, until[{transfer.flow, transfer.to}],
         problem.flows[transfer.flow].bytes);
  }
  for (const FlowId id : problem.flows.ids()) {
    const ItemId from = problem.flows[id].from;
    const DeviceId device = solution.device_of[from];
    hold(device, schedule.start[from], until[{id, device}], problem.flows[id].bytes);
  }
  for (const ItemId item : problem.items.ids()) {
    hold(solution.device_of[item], schedule.start[item], schedule.end[item],
         problem.items[item].workspace);
  }
  for (const DeviceId device : problem.devices.ids()) {
    MemoryUse& most = use[device];
    Bytes now = most.resident;
    for (auto it = changes[device].begin(); it != changes[device].end();) {
      const Picos instant = it->first;
      for (; it != changes[device].end() && it->first == instant; ++it) now += it->second;
      if (now > most.peak) {
        most.peak = now;
        most.at = instant;
      }
    }
  }
  return use;
}

}  // namespace allot
