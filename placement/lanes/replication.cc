#include "placement/lanes/replication.h"

#include <algorithm>
#include <set>
#include <utility>

#include "placement/value/evaluator.h"
#include "placement/verify/verify.h"
#include "placement/verify/violation.h"
#include "support/id_table.h"
#include "support/status.h"

namespace allot {

ReplicationScore Evaluate(const PlacementProblem& problem, const ProblemGraph& graph,
                          const ReplicatedPlacement& replicated) {
  const int64_t cycle = replicated.cycle();
  ALLOT_CHECK(cycle >= 1 && replicated.placements.size() == replicated.shares.size());
  Evaluator evaluator(problem, graph);
  ReplicationScore score;
  score.feasible = true;
  const size_t num_devices = problem.devices.size();
  std::vector<Int128> load(num_devices + problem.num_channels, 0);
  std::vector<Bytes> live(num_devices, 0);
  IdTable<ItemId, DeviceId, char> holds(problem.items.size(), num_devices, 0);
  for (size_t i = 0; i < replicated.placements.size(); ++i) {
    const Solution& solution = replicated.placements[i];
    const Score single = evaluator.FullScore(solution);
    score.feasible = score.feasible && single.feasible;
    for (size_t d = 0; d < num_devices; ++d) {
      load[d] += static_cast<Int128>(single.load.raw()[d]) * replicated.shares[i];
      live[d] = std::max(live[d], single.peak.raw()[d] - single.resident.raw()[d]);
    }
    for (size_t c = 0; c < problem.num_channels; ++c) {
      load[num_devices + c] +=
          static_cast<Int128>(single.channel_load.raw()[c]) * replicated.shares[i];
    }
    for (const ItemId item : problem.items.ids()) {
      holds(item, solution.device_of[item]) = 1;
    }
  }
  const auto held = [&](ItemId item, size_t d) { return holds(item, DeviceId(d)) != 0; };
  for (size_t d = 0; d < num_devices; ++d) {
    Bytes resident = 0;
    for (const ItemId item : problem.items.ids()) {
      if (!held(item, d)) continue;
      resident = SaturatingAdd(resident, problem.items[item].memory);
      ++score.replicas;
    }
    for (const PlacementProblem::SharedMemory& shared : problem.shared) {
      const bool any = std::any_of(shared.items.begin(), shared.items.end(),
                                   [&](ItemId item) { return held(item, d); });
      if (any) resident = SaturatingAdd(resident, shared.bytes);
    }
    if (SaturatingAdd(resident, live[d]) > problem.devices[DeviceId(d)].memory) {
      score.feasible = false;
    }
  }
  Int128 most = 0;
  for (const Int128 l : load) most = std::max(most, l);
  constexpr auto kMost = static_cast<Int128>(kMaxPicos) * 1'000'000;
  score.cycle_load = static_cast<Picos>(std::min(most, kMost));
  score.period = static_cast<Picos>((most + cycle - 1) / cycle);
  return score;
}

absl::Status Verify(const PlacementProblem& problem, const ReplicatedPlacement& replicated,
                    Picos claimed_period) {
  if (replicated.placements.size() != replicated.shares.size() || replicated.placements.empty()) {
    return Violation("there are ", replicated.placements.size(), " placements and ",
                     replicated.shares.size(), " shares");
  }
  int64_t cycle = 0;
  std::vector<Int128> device_load(problem.devices.size(), 0), channel_load(problem.num_channels, 0);
  IdVector<DeviceId, std::set<ItemId>> kept(problem.devices.size());
  IdVector<DeviceId, Bytes> live(problem.devices.size());
  const ProblemGraph graph = BuildGraph(problem);
  for (size_t i = 0; i < replicated.placements.size(); ++i) {
    const int64_t share = replicated.shares[i];
    if (share < 1) return Violation("placement ", i, ": its share is ", share);
    cycle += share;
    const Solution& solution = replicated.placements[i];
    ALLOT_RETURN_IF_ERROR(VerifyPlacement(problem, solution), "placement ", i, ": ");
    const auto use = MeasureMemory(problem, solution, Simulate(problem, graph, solution));
    for (const DeviceId d : problem.devices.ids()) {
      live[d] = std::max(live[d], use[d].peak - use[d].resident);
    }
    const Placement& on = solution.device_of;
    std::set<DeviceId> used;
    for (const ItemId item : problem.items.ids()) {
      const std::optional<Picos>& time = problem.items[item].time[on[item]];
      device_load[static_cast<size_t>(on[item].index())] += static_cast<Int128>(*time) * share;
      kept[on[item]].insert(item);
      used.insert(on[item]);
    }
    if (problem.launch_on_arrival) {
      for (const DeviceId d : used) {
        device_load[static_cast<size_t>(d.index())] +=
            static_cast<Int128>(problem.devices[d].part_cost) * share;
      }
    }
    for (const FlowId id : problem.flows.ids()) {
      const PlacementProblem::Flow& flow = problem.flows[id];
      std::set<DeviceId> receivers;
      for (const ItemId to : flow.to) receivers.insert(on[to]);
      receivers.erase(on[flow.from]);
      const auto occupy = [&](DeviceId d, Picos time) {
        if (problem.communication != Communication::kBlocking) return;
        device_load[static_cast<size_t>(d.index())] += static_cast<Int128>(time) * share;
      };
      if (!flow.staging.empty()) {
        if (!receivers.empty()) occupy(on[flow.from], flow.staging[on[flow.from]]);
        for (const DeviceId d : receivers) occupy(d, flow.staging[d]);
        continue;
      }
      for (const DeviceId d : receivers) {
        const std::optional<Picos> time = problem.TransferTime(id, on[flow.from], d);
        for (const ChannelId channel : problem.Channels(on[flow.from], d)) {
          channel_load[static_cast<size_t>(channel.index())] += static_cast<Int128>(*time) * share;
        }
        occupy(on[flow.from], *time);
        occupy(d, *time);
      }
    }
  }
  for (const DeviceId d : problem.devices.ids()) {
    Bytes resident = 0;
    for (const ItemId item : kept[d]) {
      resident = SaturatingAdd(resident, problem.items[item].memory);
    }
    for (const PlacementProblem::SharedMemory& shared : problem.shared) {
      for (const ItemId item : shared.items) {
        if (!kept[d].contains(item)) continue;
        resident = SaturatingAdd(resident, shared.bytes);
        break;
      }
    }
    if (resident + live[d] > problem.devices[d].memory) {
      return ExcessOfMemory(NameOf(problem, d), " holds ", resident, " resident bytes and ",
                            live[d], " at once besides but has ", problem.devices[d].memory);
    }
  }
  Int128 most = 0;
  for (const Int128 load : device_load) most = std::max(most, load);
  for (const Int128 load : channel_load) most = std::max(most, load);
  const auto period = static_cast<Picos>((most + cycle - 1) / cycle);
  if (period != claimed_period) {
    return Violation("the period is ", period, " ps, not ", claimed_period);
  }
  return absl::OkStatus();
}

}  // namespace allot
