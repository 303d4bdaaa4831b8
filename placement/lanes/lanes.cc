#include "placement/lanes/lanes.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "support/status.h"

namespace allot {
namespace {

// Rounded up, and clamped: sums of a lane's loads fit 64 bits, those of a cycle may not.
int64_t MeanOf(Int128 sum, int64_t cycle) {
  constexpr Int128 kMost = std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(std::min(kMost, (sum + cycle - 1) / cycle));
}

// How many tensors of the placement go to other devices, each counted once per receiver.
size_t CountTransfers(const PlacementProblem& problem, const Placement& device_of) {
  size_t count = 0;
  std::vector<char> receives(problem.devices.size());
  for (const PlacementProblem::Flow& flow : problem.flows) {
    std::fill(receives.begin(), receives.end(), 0);
    for (const ItemId to : flow.to) {
      const DeviceId device = device_of[to];
      char& known = receives[static_cast<size_t>(device.index())];
      if (device != device_of[flow.from] && !known) ++count;
      known = 1;
    }
  }
  return count;
}

// What each device keeps when everything that any lane puts there is resident.
IdVector<DeviceId, Bytes> ResidentBytes(const PlacementProblem& problem, const Lanes& lanes) {
  IdVector<DeviceId, Bytes> resident(problem.devices.size(), 0);
  for (const DeviceId device : problem.devices.ids()) {
    const auto held = [&](ItemId item) {
      return std::any_of(lanes.lanes.begin(), lanes.lanes.end(), [&](const PartedSolution& lane) {
        return lane.items.device_of[item] == device;
      });
    };
    for (const ItemId item : problem.items.ids()) {
      if (held(item)) {
        resident[device] = SaturatingAdd(resident[device], problem.items[item].memory);
      }
    }
    for (const PlacementProblem::SharedMemory& shared : problem.shared) {
      if (std::any_of(shared.items.begin(), shared.items.end(), held)) {
        resident[device] = SaturatingAdd(resident[device], shared.bytes);
      }
    }
  }
  return resident;
}

// How many parts the lanes have on a device; what two of them launch alike is loaded once.
int64_t CountParts(const PlacementProblem& problem, const Lanes& lanes, DeviceId device) {
  std::set<std::vector<ItemId>> parts;
  for (const PartedSolution& lane : lanes.lanes) {
    IdVector<ItemId, std::vector<ItemId>> items(lane.parts.num_parts);
    for (const ItemId item : problem.items.ids()) {
      if (lane.items.device_of[item] == device) items[lane.parts.part_of[item]].push_back(item);
    }
    for (std::vector<ItemId>& part : items) {
      if (!part.empty()) parts.insert(std::move(part));
    }
  }
  return static_cast<int64_t>(parts.size());
}

}  // namespace

LanesScore CombineScores(const PlacementProblem& problem, const Lanes& lanes) {
  const int64_t cycle = lanes.cycle();
  ALLOT_CHECK(problem.objective == PlacementObjective::kThroughput && cycle >= 1 &&
              lanes.lanes.size() == lanes.shares.size());
  LanesScore score;
  score.feasible = true;
  IdVector<DeviceId, Int128> load(problem.devices.size(), 0);
  IdVector<ChannelId, Int128> channel_load(problem.num_channels, 0);
  score.resident = ResidentBytes(problem, lanes);
  score.peak = score.resident;
  for (size_t i = 0; i < lanes.lanes.size(); ++i) {
    const PartedSolution& lane = lanes.lanes[i];
    score.feasible = score.feasible && lane.score.feasible && lanes.shares[i] >= 1;
    score.slowest = std::max(score.slowest, lane.score.makespan);
    score.num_parts += lane.parts.num_parts;
    score.transfers += CountTransfers(problem, lane.items.device_of);
    score.moved = SaturatingAdd(score.moved, SaturatingMultiply(lane.score.moved, lanes.shares[i]));
    // A lane that says nothing of its loads is not even well formed.
    if (lane.score.load.size() != load.size()) {
      score.feasible = false;
      continue;
    }
    for (const DeviceId device : problem.devices.ids()) {
      load[device] += static_cast<Int128>(lane.score.load[device]) * lanes.shares[i];
      score.peak[device] =
          SaturatingAdd(score.peak[device], lane.score.peak[device] - lane.score.resident[device]);
    }
    for (const ChannelId channel : channel_load.ids()) {
      channel_load[channel] +=
          static_cast<Int128>(lane.score.channel_load[channel]) * lanes.shares[i];
    }
  }
  for (const DeviceId device : problem.devices.ids()) {
    if (score.peak[device] > problem.devices[device].memory) score.feasible = false;
    const int64_t most = problem.devices[device].max_parts;
    if (most > 0 && CountParts(problem, lanes, device) > most) score.feasible = false;
    score.cycle_load = std::max(score.cycle_load, load[device]);
    score.load.Add(MeanOf(load[device], cycle));
  }
  for (const Int128 carried : channel_load) {
    score.cycle_load = std::max(score.cycle_load, carried);
    score.channel_load.Add(MeanOf(carried, cycle));
  }
  score.period = MeanOf(score.cycle_load, cycle);
  return score;
}

LanesScore EvaluateLanes(const PlacementProblem& problem, const Lanes& lanes) {
  Lanes scored = lanes;
  for (PartedSolution& lane : scored.lanes) {
    lane.score = EvaluateParts(problem, lane.items, lane.parts);
  }
  return CombineScores(problem, scored);
}

PartedSolution CopyOn(const PlacementProblem& problem, const ProblemGraph& graph, DeviceId device) {
  PartedSolution copy;
  copy.items = {Placement(problem.items.size(), device), graph.topological};
  copy.parts = {IdVector<ItemId, ItemId>(problem.items.size(), ItemId(0)), 1};
  copy.score = EvaluateParts(problem, copy.items, copy.parts);
  return copy;
}

Lanes CopiesOf(const PlacementProblem& problem, const ProblemGraph& graph) {
  Lanes copies;
  if (problem.items.empty()) return copies;
  std::vector<PartedSolution> found;
  std::vector<Picos> time;
  for (const DeviceId device : problem.devices.ids()) {
    PartedSolution copy = CopyOn(problem, graph, device);
    if (!copy.score.feasible) continue;
    time.push_back(copy.score.load[device]);
    found.push_back(std::move(copy));
  }
  if (found.empty()) return copies;
  // Give one inference after the other to the device that is done with it first. The largest load
  // of a cycle is a maximum of loads that grow with the shares, so no other way to share out as
  // many inferences is better, for every length of the cycle on the way (Graham's list scheduling
  // of equal jobs on uniform machines).
  std::vector<int64_t> shares(found.size(), 0), best_shares;
  Int128 most = 0, best_most = 0;
  int64_t best_cycle = 0;
  for (int64_t cycle = 1; cycle <= kMaxLaneCycle; ++cycle) {
    const auto end = [&](size_t i) { return static_cast<Int128>(time[i]) * (shares[i] + 1); };
    size_t next = 0;
    for (size_t i = 1; i < found.size(); ++i) {
      if (end(i) < end(next)) next = i;
    }
    most = std::max(most, end(next));
    ++shares[next];
    if (best_cycle == 0 || most * best_cycle < best_most * cycle) {
      best_shares = shares;
      best_most = most;
      best_cycle = cycle;
    }
  }
  std::vector<size_t> by_share;
  for (size_t i = 0; i < found.size(); ++i) {
    if (best_shares[i] > 0) by_share.push_back(i);
  }
  std::stable_sort(by_share.begin(), by_share.end(),
                   [&](size_t a, size_t b) { return best_shares[a] > best_shares[b]; });
  for (const size_t i : by_share) {
    copies.lanes.push_back(std::move(found[i]));
    copies.shares.push_back(best_shares[i]);
  }
  return copies;
}

}  // namespace allot
