#include "placement/solvers/modules/beam.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "placement/bounds/load_bound.h"
#include "placement/problem/allowed_times.h"
#include "support/id_table.h"

namespace allot {
namespace {

uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// A partial placement. Rows of `arrival` belong to flows that still have consumers to come.
struct State {
  std::vector<Picos> free;      // by device, then by channel: free from then on, or its load
  std::vector<Bytes> resident;  // by device
  // [slot][device]: when the flow is there; -1: not sent.
  IdTable<int32_t, DeviceId, Picos> arrival;
  std::vector<int32_t> source;  // by slot: the producer's device
  std::vector<int32_t> group;   // by group: its device, or -1
  std::vector<uint64_t> holds;  // by shared memory: a bit per device
  Picos reached = 0;            // no completion ends earlier
  uint64_t live = 0;            // hash of the devices of live outputs
};

struct Candidate {
  bool fits = true;
  Picos bound = 0, end = 0;
  int32_t parent = 0, device = 0;
  uint64_t live = 0;
};

class Beam {
 public:
  Beam(const BeamCosts& costs, const std::vector<ItemId>& order, int64_t width,
       const std::vector<Bytes>& capacity)
      : costs_(costs),
        problem_(costs.problem),
        graph_(costs.paths.graph),
        order_(order),
        width_(static_cast<size_t>(std::max<int64_t>(width, 1))),
        capacity_(capacity),
        num_devices_(static_cast<size_t>(costs.paths.num_devices)),
        latency_(problem_.objective == PlacementObjective::kLatency),
        blocking_(problem_.communication == Communication::kBlocking) {
    group_of_ = IdVector<ItemId, int32_t>(problem_.items.size(), -1);
    num_groups_ = 0;
    for (const std::vector<ItemId>& group : costs.groups) {
      for (const ItemId item : group) group_of_[item] = num_groups_;
      ++num_groups_;
    }
    shared_of_ = IdVector<ItemId, std::vector<int32_t>>(problem_.items.size());
    for (size_t s = 0; s < problem_.shared.size(); ++s) {
      for (const ItemId item : problem_.shared[s].items) {
        shared_of_[item].push_back(static_cast<int32_t>(s));
      }
    }
    AssignSlots();
  }

  Solution Run() {
    State first;
    first.free.assign(num_devices_ + problem_.num_channels, 0);
    first.resident.assign(num_devices_, 0);
    first.arrival.Assign(num_slots_, num_devices_, -1);
    first.source.assign(num_slots_, -1);
    first.group.assign(static_cast<size_t>(num_groups_), -1);
    first.holds.assign(problem_.shared.size(), 0);
    std::vector<State> states = {std::move(first)};
    rest_.assign(costs_.lambda.size(), 0);
    for (size_t w = 0; w < rest_.size(); ++w) {
      for (const Int128 least : costs_.least[w]) rest_[w] += least;
    }
    std::vector<std::vector<std::pair<int32_t, int32_t>>> steps;  // parent and device
    steps.reserve(order_.size());
    for (const ItemId item : order_) {
      for (size_t w = 0; w < rest_.size(); ++w) {
        rest_[w] -= costs_.least[w][static_cast<size_t>(item.index())];
      }
      std::vector<Candidate> candidates;
      for (size_t s = 0; s < states.size(); ++s) {
        for (int32_t d = 0; d < costs_.paths.num_devices; ++d) {
          Candidate candidate;
          candidate.parent = static_cast<int32_t>(s);
          candidate.device = d;
          if (!Place(item, d, states[s], scratch_, candidate, /*forced=*/false)) continue;
          candidates.push_back(candidate);
        }
      }
      const bool forced = candidates.empty();
      for (size_t s = 0; s < states.size() && candidates.empty(); ++s) {
        // A group, a route or a memory leaves no device: go on where the item can run at all.
        for (int32_t d = 0; d < costs_.paths.num_devices && candidates.empty(); ++d) {
          Candidate candidate;
          candidate.parent = static_cast<int32_t>(s);
          candidate.device = d;
          if (!Place(item, d, states[s], scratch_, candidate, /*forced=*/true)) continue;
          candidates.push_back(candidate);
        }
      }
      std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        return std::tie(b.fits, a.bound, a.end, a.parent, a.device) <
               std::tie(a.fits, b.bound, b.end, b.parent, b.device);
      });
      std::unordered_set<uint64_t> seen;
      std::vector<State> next;
      std::vector<std::pair<int32_t, int32_t>>& step = steps.emplace_back();
      for (const Candidate& candidate : candidates) {
        if (next.size() == width_) break;
        if (!seen.insert(candidate.live).second) continue;
        State& state = next.emplace_back();
        Candidate again = candidate;
        Place(item, candidate.device, states[static_cast<size_t>(candidate.parent)], state, again,
              forced);
        step.emplace_back(candidate.parent, candidate.device);
      }
      states = std::move(next);
    }
    Solution solution{Placement(problem_.items.size()), order_};
    int32_t at = 0;
    for (size_t i = order_.size(); i-- > 0;) {
      const auto& [parent, device] = steps[i][static_cast<size_t>(at)];
      solution.device_of[order_[i]] = DeviceId(device);
      at = parent;
    }
    return solution;
  }

 private:
  // A flow holds a slot from the turn of its producer to that of its last consumer.
  void AssignSlots() {
    IdVector<ItemId, size_t> position(problem_.items.size());
    for (size_t i = 0; i < order_.size(); ++i) position[order_[i]] = i;
    slot_of_ = IdVector<FlowId, int32_t>(problem_.flows.size(), -1);
    last_ = IdVector<FlowId, size_t>(problem_.flows.size());
    ends_ = std::vector<std::vector<FlowId>>(order_.size());
    for (const FlowId id : problem_.flows.ids()) {
      for (const ItemId to : problem_.flows[id].to) last_[id] = std::max(last_[id], position[to]);
      if (!problem_.flows[id].to.empty()) ends_[last_[id]].push_back(id);
    }
    std::vector<int32_t> unused;
    for (size_t i = 0; i < order_.size(); ++i) {
      for (const FlowId flow : graph_.outputs[order_[i]]) {
        if (problem_.flows[flow].to.empty()) continue;
        if (unused.empty()) unused.push_back(static_cast<int32_t>(num_slots_++));
        slot_of_[flow] = unused.back();
        unused.pop_back();
      }
      for (const FlowId flow : ends_[i]) unused.push_back(slot_of_[flow]);
    }
    position_ = std::move(position);
  }

  // The state after placing an item, and how good it is; false if the item cannot be there. Forced:
  // groups and missing routes do not count.
  bool Place(ItemId item, int32_t d, const State& from, State& to, Candidate& candidate,
             bool forced) const {
    const size_t device = static_cast<size_t>(d);
    const Picos time = forced ? problem_.items[item].time[DeviceId(d)].value_or(kNotAllowed)
                              : costs_.paths.Time(item.index(), d);
    if (time == kNotAllowed) return false;
    const int32_t group = group_of_[item];
    if (!forced && group >= 0) {
      const int32_t fixed = from.group[static_cast<size_t>(group)];
      if (fixed >= 0 && fixed != d) return false;
    }
    for (const FlowId flow : graph_.inputs[item]) {
      if (forced) break;
      const int32_t source = from.source[static_cast<size_t>(slot_of_[flow])];
      if (costs_.paths.Crossing(flow.index(), source, d) >= kNever) return false;
    }
    to = from;
    if (group >= 0) to.group[static_cast<size_t>(group)] = d;
    to.resident[device] += problem_.items[item].memory;
    for (const int32_t s : shared_of_[item]) {
      uint64_t& holds = to.holds[static_cast<size_t>(s)];
      if (device < 64 && ((holds >> device) & 1) != 0) continue;
      if (device < 64) holds |= uint64_t{1} << device;
      to.resident[device] += problem_.shared[static_cast<size_t>(s)].bytes;
    }
    candidate.fits = to.resident[device] <= capacity_[device];

    Picos ready = 0;
    for (const FlowId flow : graph_.inputs[item]) {
      ready = std::max(ready, Send(flow, slot_of_[flow], d, to));
    }
    Picos& free = to.free[device];
    const Picos once = !latency_ && problem_.launch_on_arrival && free == 0
                           ? problem_.devices[DeviceId(d)].part_cost
                           : 0;
    const Picos end = (latency_ ? std::max(free, ready) : free + once) + time;
    free = end;
    to.reached = std::max(to.reached, latency_ ? end + costs_.tail(item, DeviceId(d)) : end);
    for (const FlowId flow : graph_.outputs[item]) {
      const int32_t slot = slot_of_[flow];
      if (slot < 0) continue;
      const absl::Span<Picos> arrival = to.arrival.row(slot);
      std::ranges::fill(arrival, -1);
      arrival[device] = latency_ ? end : 0;
      to.source[static_cast<size_t>(slot)] = d;
      to.live ^= Mix((static_cast<uint64_t>(flow.index()) << 8) + device + 1);
    }
    for (const FlowId flow : ends_[position_[item]]) {
      const int32_t source = to.source[static_cast<size_t>(slot_of_[flow])];
      to.live ^=
          Mix((static_cast<uint64_t>(flow.index()) << 8) + static_cast<uint64_t>(source) + 1);
    }
    candidate.bound = to.reached;
    for (size_t w = 0; w < rest_.size(); ++w) {
      Int128 sum = rest_[w];
      for (size_t k = 0; k < num_devices_; ++k) {
        sum += static_cast<Int128>(costs_.lambda[w][k]) * to.free[k];
      }
      candidate.bound = std::max(candidate.bound, DivideByLoadWeight(sum));
    }
    candidate.end = end;
    candidate.live = to.live;
    return true;
  }

  // When a flow is on a device; sends it there if it was not.
  Picos Send(FlowId flow, int32_t slot, int32_t d, State& state) const {
    Picos& arrival = state.arrival(slot, DeviceId(d));
    if (arrival >= 0) return arrival;
    const int32_t source = state.source[static_cast<size_t>(slot)];
    const Picos made = state.arrival(slot, DeviceId(source));
    const Picos time = std::max<Picos>(0, costs_.paths.table->Time(flow.index(), source, d));
    const absl::Span<const int32_t> channels = costs_.paths.table->Channels(source, d);
    Picos start = made;
    if (latency_) {
      for (const int32_t channel : channels) {
        start = std::max(start, state.free[num_devices_ + static_cast<size_t>(channel)]);
      }
      if (blocking_) start = std::max(start, state.free[static_cast<size_t>(d)]);
      arrival = start + time + costs_.paths.table->ArrivalDelay(d);
      for (const int32_t channel : channels) {
        state.free[num_devices_ + static_cast<size_t>(channel)] = start + time;
      }
      if (blocking_) state.free[static_cast<size_t>(d)] = start + time;
      return arrival;
    }
    arrival = 0;
    if (problem_.communication == Communication::kDelay) return arrival;
    for (const int32_t channel : channels) {
      Picos& load = state.free[num_devices_ + static_cast<size_t>(channel)];
      load += time;
      state.reached = std::max(state.reached, load);
    }
    if (blocking_) {
      for (const int32_t end : {source, d}) {
        state.free[static_cast<size_t>(end)] += time;
        state.reached = std::max(state.reached, state.free[static_cast<size_t>(end)]);
      }
    }
    return arrival;
  }

  const BeamCosts& costs_;
  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const std::vector<ItemId>& order_;
  const size_t width_;
  const std::vector<Bytes>& capacity_;
  const size_t num_devices_;
  const bool latency_, blocking_;
  IdVector<ItemId, int32_t> group_of_;
  int32_t num_groups_ = 0;
  IdVector<ItemId, std::vector<int32_t>> shared_of_;
  IdVector<ItemId, size_t> position_;
  IdVector<FlowId, int32_t> slot_of_;
  IdVector<FlowId, size_t> last_;
  std::vector<std::vector<FlowId>> ends_;  // by position: flows with their last consumer there
  size_t num_slots_ = 0;
  std::vector<Int128> rest_;  // by weights: of what is still to be placed
  State scratch_;
};

}  // namespace

BeamCosts::BeamCosts(const ProblemFacts& facts)
    : problem(facts.problem()), groups(facts.groups()), paths(facts, Launch::kIgnore) {
  tail = LongestPaths(paths).tail;
  const LoadRows rows{IdTable<size_t, DeviceId, Picos>(paths.times), {}};
  const size_t num_devices = rows.num_devices();
  lambda = {std::vector<int64_t>(num_devices, kLoadWeight / static_cast<int64_t>(num_devices))};
  const LoadDual dual = BoundLoad(rows, {}, {}, 32);
  if (dual.lambda.size() == num_devices) lambda.push_back(dual.lambda);
  for (const std::vector<int64_t>& weights : lambda) {
    std::vector<Int128>& mine = least.emplace_back();
    for (size_t i = 0; i < rows.size(); ++i) mine.push_back(WeightedTime(rows, i, weights));
  }
}

int64_t BeamEffort(const BeamCosts& costs, const std::vector<ItemId>& order) {
  const PlacementProblem& problem = costs.problem;
  IdVector<ItemId, size_t> position(problem.items.size());
  for (size_t i = 0; i < order.size(); ++i) position[order[i]] = i;
  std::vector<int64_t> live(order.size() + 1, 0);  // changes
  for (const PlacementProblem::Flow& flow : problem.flows) {
    size_t last = 0;
    for (const ItemId to : flow.to) last = std::max(last, position[to]);
    if (flow.to.empty()) continue;
    ++live[position[flow.from]];
    --live[last];
  }
  int64_t most = 0, now = 0;
  for (const int64_t change : live) most = std::max(most, now += change);
  // A copy of some eight numbers takes as long as looking at an item.
  const auto devices = static_cast<int64_t>(problem.devices.size());
  return static_cast<int64_t>(order.size()) * devices * (1 + most * devices / 8);
}

Solution BeamSchedule(const BeamCosts& costs, const std::vector<ItemId>& order, int64_t width,
                      const std::vector<Bytes>& capacity) {
  return Beam(costs, order, width, capacity).Run();
}

}  // namespace allot
