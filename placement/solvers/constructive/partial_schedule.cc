#include "placement/solvers/constructive/partial_schedule.h"

#include <algorithm>

namespace allot {

PartialSchedule::PartialSchedule(const PlacementProblem& problem, const ProblemGraph& graph,
                                 const Evaluator& evaluator, const std::vector<Bytes>& capacity,
                                 Gaps gaps)
    : problem_(problem),
      graph_(graph),
      evaluator_(evaluator),
      table_(evaluator.table()),
      num_devices_(table_.num_devices()),
      latency_(problem.objective == PlacementObjective::kLatency),
      gaps_(gaps),
      ledger_(problem, evaluator.groups(), capacity),
      device_(problem.items.size(), -1),
      start_(problem.items.size()),
      end_(problem.items.size()),
      there_(problem.flows.size(), static_cast<size_t>(num_devices_), -1),
      channel_(problem.num_channels),
      load_(num_devices_),
      busy_(num_devices_) {}

PartialSchedule::Spot PartialSchedule::Try(int32_t item, int32_t device) {
  Spot spot;
  const bool placed = device_[item] >= 0;
  const Picos time = std::max<Picos>(evaluator_.Time(item, device), 0);
  if (!placed && !ledger_.CanRun(item, device)) spot.obstacles += 2;
  if (!placed && !ledger_.Fits(item, device)) {
    ++spot.obstacles;
    spot.lacking = -ledger_.Room(device);
  }
  bool routed = true;
  saved_.clear();
  const Picos ready = Receive(item, device, /*keep=*/false, routed);
  for (auto it = saved_.rbegin(); it != saved_.rend(); ++it) *it->first = it->second;
  if (!routed) spot.obstacles += 2;
  spot.start = FindStart(device, ready, time);
  spot.end = spot.start + time;
  spot.own_load = load_[device] + time;
  spot.largest_load = std::max(spot.own_load, touched_);
  return spot;
}

// When all inputs of `item` are on the device. Reserves channels; unless `keep`, what it changes is
// in saved_ to be put back. touched_: for throughput the largest load of a channel in use.
Picos PartialSchedule::Receive(int32_t item, int32_t device, bool keep, bool& routed) {
  Picos ready = 0;
  touched_ = 0;
  for (const FlowId flow : graph_.inputs[ItemId(item)]) {
    const int32_t producer = problem_.flows[flow].from.index();
    const int32_t from = device_[producer];
    if (from == device) {
      ready = std::max(ready, end_[producer]);
      continue;
    }
    Picos& there = there_(flow, device);
    if (there < 0) {
      const Picos time = table_.Time(flow.index(), from, device);
      if (time < 0) routed = false;
      Picos start = end_[producer];
      for (const int32_t channel : table_.Channels(from, device)) {
        start = std::max(start, channel_[channel]);
      }
      const Picos end = start + std::max<Picos>(time, 0);
      for (const int32_t channel : table_.Channels(from, device)) {
        if (!keep) saved_.emplace_back(&channel_[channel], channel_[channel]);
        channel_[channel] = latency_ ? end : channel_[channel] + std::max<Picos>(time, 0);
        if (!latency_) touched_ = std::max(touched_, channel_[channel]);
      }
      if (!keep) saved_.emplace_back(&there, there);
      there = end + table_.ArrivalDelay(device);
    }
    ready = std::max(ready, there);
  }
  return ready;
}

// The first start on a device from `ready` on. Looks at the last few gaps only, so that a run of n
// items stays O(n).
Picos PartialSchedule::FindStart(int32_t device, Picos ready, Picos time) const {
  constexpr size_t kLookBack = 64;
  if (gaps_ == Gaps::kLeave) return std::max(free(device), ready);
  const auto& busy = busy_[device];
  size_t i = busy.size() > kLookBack ? busy.size() - kLookBack : 0;
  Picos free = i == 0 ? 0 : busy[i - 1].second;
  for (; i < busy.size(); ++i) {
    const Picos start = std::max(free, ready);
    if (start + time <= busy[i].first) return start;
    free = busy[i].second;
  }
  return std::max(free, ready);
}

void PartialSchedule::Commit(int32_t item, int32_t device, const Spot& spot) {
  if (device_[item] < 0) {
    ledger_.Place(item, device);
    for (const int32_t member : ledger_.Unit(item)) device_[member] = device;
  }
  bool routed = true;
  Receive(item, device, /*keep=*/true, routed);
  start_[item] = spot.start;
  end_[item] = spot.end;
  load_[device] += spot.end - spot.start;
  auto& busy = busy_[device];
  const std::pair<Picos, Picos> interval(spot.start, spot.end);
  busy.insert(std::upper_bound(busy.begin(), busy.end(), interval), interval);
}

Solution PartialSchedule::Take() const {
  Solution solution;
  for (const int32_t d : device_) solution.device_of.Add(DeviceId(d));
  solution.order = StartOrder(graph_, start_);
  return solution;
}

}  // namespace allot
