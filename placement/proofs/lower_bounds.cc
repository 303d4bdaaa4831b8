#include "placement/proofs/lower_bounds.h"

#include <algorithm>
#include <utility>

#include "placement/bounds/call_paths.h"
#include "placement/bounds/load_bound.h"
#include "placement/bounds/part_bounds.h"
#include "placement/bounds/path_bounds.h"
#include "placement/lanes/steady_state.h"
#include "placement/loads/load_reduction.h"
#include "placement/problem/allowed_times.h"
#include "placement/proofs/interval_chain.h"
#include "placement/proofs/trial_bound.h"

namespace allot {
namespace {

// The costliest item (or set that must share a device) on its best device.
Picos Bottleneck(const LoadRows& rows, const std::vector<Picos>& fixed) {
  Picos bound = 0;
  for (size_t row = 0; row < rows.size(); ++row) {
    Picos least = kNever;
    const absl::Span<const Picos> times = rows.time.row(row);
    for (size_t d = 0; d < times.size(); ++d) {
      if (times[d] == kNotAllowed) continue;
      least = std::min(least, times[d] + (fixed.empty() ? 0 : fixed[d]));
    }
    if (least < kNever) bound = std::max(bound, least);
  }
  return bound;
}

int Rounds(const LoadRows& rows, const std::vector<Picos>& fixed, int64_t work) {
  const int64_t sets = fixed.empty() ? 1 : int64_t{1} << std::min<size_t>(rows.num_devices(), 5);
  const int64_t cost =
      static_cast<int64_t>(rows.size() + 1) * static_cast<int64_t>(rows.num_devices()) * sets;
  return static_cast<int>(std::clamp<int64_t>(work / cost, 16, 128));
}

// The best of the paths that are worth trying. A path that no call and no pool can take means that
// there is no solution; nothing is claimed of that here.
Picos BestCallPath(const ProblemFacts& facts, int64_t work) {
  if (facts.problem().items.size() > CallPathBounder::kMaxItems) return 0;
  CallPathBounder bounder(facts);
  Picos best = 0;
  for (const std::vector<ItemId>& path : bounder.Candidates()) {
    const Picos value = bounder.Bound(path, work).value;
    if (value < kNever) best = std::max(best, value);
  }
  return best;
}

// Where nothing has a choice all loads are known: a device runs one item at a time, a channel
// carries one transfer at a time, and nothing ends before the largest load. 0: something has one.
Picos ForcedLoad(const ProblemFacts& facts) {
  const PlacementProblem& problem = facts.problem();
  const auto placement = ForcedPlacement(problem);
  if (!placement.has_value()) return 0;
  std::vector<int32_t> device;
  std::vector<Picos> time;
  for (const ItemId item : problem.items.ids()) {
    device.push_back(static_cast<int32_t>((*placement)[item].index()));
    time.push_back(*problem.items[item].time[(*placement)[item]]);
  }
  ResourceLoads loads;
  loads.Run(*facts.flat_graph(), *facts.transfers(), device.data(), time.data());
  return loads.Largest();
}

std::vector<LowerBound> BestFirst(std::vector<LowerBound> bounds) {
  std::sort(bounds.begin(), bounds.end(), [](const LowerBound& a, const LowerBound& b) {
    return a.value != b.value ? a.value > b.value : a.name < b.name;
  });
  return bounds;
}

}  // namespace

std::vector<LowerBound> LowerBounds(const ProblemFacts& facts, Launch launch, int64_t work,
                                    Picos enough) {
  const PlacementProblem& problem = facts.problem();
  const bool latency = problem.objective == PlacementObjective::kLatency;
  if (problem.execution == Execution::kCalls) {
    // A pool carries any load, so only paths count: whatever a path crosses is loaded and stored
    // within the calls, which are no shorter than their items on the path.
    const PathCosts costs(facts, Launch::kIgnore);
    const Picos path = CriticalPath(costs, LongestPaths(costs));
    if (path >= kNever) return {};
    return BestFirst({{path, "critical-path"}, {BestCallPath(facts, work), "call-path"}});
  }
  const LoadRows rows = MakeLoadRows(facts);
  std::vector<Bytes> capacity;
  std::vector<Picos> fixed;
  // A device that runs anything launches at least one part. Item-level latency charges launches on
  // arrivals only, which no load shows.
  const bool launches = launch == Launch::kPerGroup || (!latency && problem.launch_on_arrival);
  for (const PlacementProblem::MachineDevice& device : problem.devices) {
    capacity.push_back(device.memory);
    if (launches) fixed.push_back(device.part_cost);
  }
  std::vector<LowerBound> bounds;
  const LoadDual dual = BoundLoad(rows, fixed, capacity, Rounds(rows, fixed, work));
  const Picos forced = latency ? ForcedLoad(facts) : 0;
  bounds.push_back({rows.size() == 0 ? 0 : std::max(dual.bound, forced), "load"});
  if (latency) {
    const PathCosts costs(facts, launch);
    PathBounds paths = LongestPaths(costs);
    if (launch == Launch::kPerGroup) RaiseByParts(costs, dual.lambda, 2 * work, paths);
    const Picos path = CriticalPath(costs, paths);
    // No way at all: the problem is infeasible, and nothing is claimed of it.
    if (path < kNever) {
      bounds.push_back({path, "critical-path"});
      if (std::max(path, bounds.front().value) >= enough) return BestFirst(std::move(bounds));
      ChainBound chain = IntervalChain(costs, paths, dual, work);
      bounds.push_back({chain.value, "interval-chain"});
      if (launch == Launch::kPerGroup) {
        Picos known = 0;
        for (const LowerBound& bound : bounds) known = std::max(known, bound.value);
        const TrialInput input{costs,       facts.groups(),        fixed,
                               dual.lambda, std::move(chain.ends), known};
        const Picos value = BoundByTrials(input, work / 2);
        if (value > known) bounds.push_back({value, "contradiction"});
      }
    }
  } else {
    bounds.push_back({Bottleneck(rows, fixed), "bottleneck"});
    if (std::max(bounds[0].value, bounds[1].value) >= enough) return BestFirst(std::move(bounds));
    // Building the model takes about this much.
    const auto size = static_cast<int64_t>(problem.items.size() + problem.flows.size());
    const auto num_devices = static_cast<int64_t>(problem.devices.size());
    if (size * num_devices * num_devices <= work) {
      int64_t spent = 0;
      bounds.push_back({BoundByUnitCuts(BuildLoadModel(facts), work / 2, spent), "unit-cut"});
    }
    bounds.push_back({BoundSteadyState(facts, work / 2, launch), "steady-state"});
  }
  return BestFirst(std::move(bounds));
}

}  // namespace allot
