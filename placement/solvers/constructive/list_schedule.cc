#include "placement/solvers/constructive/list_schedule.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "placement/solvers/constructive/partial_schedule.h"

namespace allot {

Picos ItemWeight(const PlacementProblem::Item& item, RankBy by) {
  Picos sum = 0, best = std::numeric_limits<Picos>::max(), worst = 0;
  int64_t count = 0;
  for (const std::optional<Picos>& time : item.time) {
    if (!time.has_value()) continue;
    sum += *time;
    best = std::min(best, *time);
    worst = std::max(worst, *time);
    ++count;
  }
  if (count == 0) return 0;
  return by == RankBy::kBest ? best : by == RankBy::kWorst ? worst : sum / count;
}

std::vector<Picos> MeanTransfers(const PlacementProblem& problem, const TransferTable& table) {
  const int32_t num_devices = table.num_devices();
  const int64_t pairs = std::max<int64_t>(1, static_cast<int64_t>(num_devices) * num_devices);
  std::vector<Picos> mean;
  for (const FlowId flow : problem.flows.ids()) {
    Picos sum = 0;
    for (int32_t from = 0; from < num_devices; ++from) {
      for (int32_t to = 0; to < num_devices; ++to) {
        sum += std::max<Picos>(table.Time(flow.index(), from, to), 0) / pairs;
      }
    }
    mean.push_back(sum);
  }
  return mean;
}

std::vector<Picos> UpwardRanks(const PlacementProblem& problem, const ProblemGraph& graph,
                               const TransferTable& table, RankBy by) {
  const std::vector<Picos> transfers = MeanTransfers(problem, table);
  std::vector<Picos> rank(problem.items.size());
  for (auto it = graph.topological.rbegin(); it != graph.topological.rend(); ++it) {
    Picos behind = 0;
    for (const FlowId flow : graph.outputs[*it]) {
      for (const ItemId to : problem.flows[flow].to) {
        behind = std::max(behind, transfers[flow.index()] + rank[to.index()]);
      }
    }
    rank[it->index()] = behind + ItemWeight(problem.items[*it], by);
  }
  return rank;
}

std::vector<Picos> PlacedRanks(const PlacementProblem& problem, const ProblemGraph& graph,
                               const Evaluator& evaluator, const std::vector<int32_t>& device) {
  const TransferTable& table = evaluator.table();
  std::vector<Picos> rank(problem.items.size());
  for (auto it = graph.topological.rbegin(); it != graph.topological.rend(); ++it) {
    const int32_t from = device[it->index()];
    Picos behind = 0;
    for (const FlowId flow : graph.outputs[*it]) {
      for (const ItemId to : problem.flows[flow].to) {
        const int32_t d = device[to.index()];
        Picos way = std::max<Picos>(table.Time(flow.index(), from, d), 0);
        if (d != from) way += table.ArrivalDelay(d);
        behind = std::max(behind, way + rank[to.index()]);
      }
    }
    rank[it->index()] = behind + std::max<Picos>(evaluator.Time(it->index(), from), 0);
  }
  return rank;
}

std::vector<ItemId> RankOrder(const ProblemGraph& graph, const std::vector<Picos>& ranks) {
  std::vector<ItemId> order = graph.topological;
  std::stable_sort(order.begin(), order.end(),
                   [&](ItemId a, ItemId b) { return ranks[a.index()] > ranks[b.index()]; });
  return order;
}

std::vector<ItemId> StartOrder(const ProblemGraph& graph, const std::vector<Picos>& start) {
  std::vector<ItemId> order = graph.topological;
  std::stable_sort(order.begin(), order.end(),
                   [&](ItemId a, ItemId b) { return start[a.index()] < start[b.index()]; });
  return order;
}

MemoryLedger::MemoryLedger(const PlacementProblem& problem,
                           const std::vector<std::vector<int32_t>>& groups,
                           std::vector<Bytes> capacity)
    : problem_(problem),
      capacity_(std::move(capacity)),
      resident_(problem.devices.size()),
      unit_of_(problem.items.size(), -1),
      holds_(problem.shared.size(), std::vector<char>(problem.devices.size())) {
  for (const std::vector<int32_t>& group : groups) {
    for (const int32_t item : group) unit_of_[item] = static_cast<int32_t>(units_.size());
    units_.push_back(group);
  }
  for (size_t i = 0; i < unit_of_.size(); ++i) {
    if (unit_of_[i] >= 0) continue;
    unit_of_[i] = static_cast<int32_t>(units_.size());
    units_.push_back({static_cast<int32_t>(i)});
  }
  unit_shared_.resize(units_.size());
  for (size_t s = 0; s < problem.shared.size(); ++s) {
    for (const ItemId item : problem.shared[s].items) {
      std::vector<int32_t>& list = unit_shared_[unit_of_[item.index()]];
      if (list.empty() || list.back() != static_cast<int32_t>(s)) {
        list.push_back(static_cast<int32_t>(s));
      }
    }
  }
}

bool MemoryLedger::CanRun(int32_t item, int32_t device) const {
  for (const int32_t member : Unit(item)) {
    if (!problem_.items[ItemId(member)].time[DeviceId(device)].has_value()) return false;
  }
  return true;
}

Bytes MemoryLedger::Needed(int32_t item, int32_t device) const {
  Bytes bytes = 0;
  for (const int32_t member : Unit(item)) bytes += problem_.items[ItemId(member)].memory;
  for (const int32_t shared : unit_shared_[unit_of_[item]]) {
    if (!holds_[shared][device]) bytes += problem_.shared[shared].bytes;
  }
  return bytes;
}

bool MemoryLedger::Fits(int32_t item, int32_t device) const {
  const Bytes needed = Needed(item, device);
  return needed == 0 || resident_[device] + needed <= capacity_[device];
}

void MemoryLedger::Place(int32_t item, int32_t device) {
  resident_[device] += Needed(item, device);
  for (const int32_t shared : unit_shared_[unit_of_[item]]) holds_[shared][device] = 1;
}

Solution WithinMemory(const PlacementProblem& problem, Evaluator& evaluator,
                      const SolutionBuilder& build, int64_t& work, int64_t limit) {
  constexpr int kRounds = 5;
  std::vector<Bytes> capacity;
  for (const auto& device : problem.devices) capacity.push_back(device.memory);
  Solution best;
  SearchValue best_value;
  for (int round = 0; round < kRounds; ++round) {
    Solution solution = build(capacity);
    work += static_cast<int64_t>(problem.items.size());
    const SearchValue value = evaluator.Value(solution);
    if (round == 0 || value < best_value) {
      best_value = value;
      best = solution;
    }
    if (value.excess == 0 || work >= limit) break;
    const Score score = evaluator.FullScore(solution);
    for (const DeviceId device : problem.devices.ids()) {
      const Bytes excess = score.peak[device] - problem.devices[device].memory;
      if (excess > 0) capacity[device.index()] -= excess;
    }
  }
  return best;
}

SolveResult BestWithinMemory(const PlacementProblem& problem, Evaluator& evaluator,
                             const std::vector<SolutionBuilder>& builders) {
  SolveResult result;
  SearchValue best;
  for (const SolutionBuilder& build : builders) {
    Solution solution = WithinMemory(problem, evaluator, build, result.work);
    const SearchValue value = evaluator.Value(solution);
    if (!value.feasible()) continue;
    if (result.best.has_value() && !(value < best)) continue;
    best = value;
    result.best = std::move(solution);
    result.termination = Termination::kFeasible;
  }
  return result;
}

Solution ScheduleByRank(const PlacementProblem& problem, const ProblemGraph& graph,
                        const Evaluator& evaluator, RankBy by, Gaps gaps,
                        const std::vector<Bytes>& capacity) {
  PartialSchedule schedule(problem, graph, evaluator, capacity, gaps);
  for (const ItemId item : RankOrder(graph, UpwardRanks(problem, graph, evaluator.table(), by))) {
    schedule.Place(item.index(), [&](int32_t, const PartialSchedule::Spot& spot) {
      return schedule.Finish(spot);
    });
  }
  return schedule.Take();
}

}  // namespace allot
