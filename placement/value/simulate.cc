#include <algorithm>
#include <tuple>

#include "placement/value/call_evaluator.h"
#include "placement/value/evaluate.h"
#include "placement/value/simulation.h"

namespace allot {

Schedule Simulate(const PlacementProblem& problem, const ProblemGraph& graph,
                  const Solution& solution) {
  return Simulate(ProblemFacts(problem, graph), solution);
}

Schedule Simulate(const ProblemFacts& facts, const Solution& solution) {
  const PlacementProblem& problem = facts.problem();
  if (problem.execution == Execution::kCalls) return CallEvaluator(facts).FullSchedule(solution);
  std::vector<int32_t> device, order;
  std::vector<Picos> duration;
  for (const ItemId item : problem.items.ids()) {
    const DeviceId on = solution.device_of[item];
    device.push_back(on.index());
    duration.push_back(problem.items[item].time[on].value_or(0));
  }
  ALLOT_CHECK(solution.order.size() == problem.items.size());
  for (const ItemId item : solution.order) order.push_back(item.index());

  Simulation simulation;
  std::vector<FlatTransfer> transfers;
  simulation.Run(*facts.flat_graph(), *facts.transfers(), device.data(), duration.data(),
                 order.data(), &transfers);
  Schedule schedule;
  schedule.start.raw() = simulation.start();
  schedule.end.raw() = simulation.end();
  for (const FlatTransfer& transfer : transfers) {
    schedule.transfers.push_back({FlowId(transfer.flow), DeviceId(transfer.from),
                                  DeviceId(transfer.to), transfer.start, transfer.end});
  }
  std::sort(schedule.transfers.begin(), schedule.transfers.end(),
            [](const ScheduledTransfer& a, const ScheduledTransfer& b) {
              const bool a_load = a.from != a.to, b_load = b.from != b.to;
              return std::tie(a.start, a.flow, a_load, a.to) <
                     std::tie(b.start, b.flow, b_load, b.to);
            });
  return schedule;
}

}  // namespace allot
