#include "placement/solvers/list_schedule.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

namespace allot {
namespace {

Picos Weight(const PlacementProblem::Item& item, RankBy by) {
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

// The mean over all pairs of devices, those without a transfer included: what a flow costs an item
// whose device is not known yet.
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

// One HEFT run.
class Scheduler {
 public:
  Scheduler(const PlacementProblem& problem, const ProblemGraph& graph, const Evaluator& evaluator,
            const std::vector<Bytes>& capacity)
      : problem_(problem),
        graph_(graph),
        evaluator_(evaluator),
        table_(evaluator.table()),
        num_devices_(table_.num_devices()),
        ledger_(problem, capacity),
        device_(problem.items.size(), -1),
        start_(problem.items.size()),
        end_(problem.items.size()),
        there_(problem.flows.size() * num_devices_, -1),
        channel_(problem.num_channels),
        load_(num_devices_),
        busy_(num_devices_) {}

  Solution Run(const std::vector<ItemId>& by_rank) {
    for (const ItemId item : by_rank) Schedule(item.index());
    Solution solution;
    for (const int32_t d : device_) solution.device_of.Add(DeviceId(d));
    solution.order = StartOrder(graph_, start_);
    return solution;
  }

 private:
  struct Choice {
    // How bad it is that the device cannot run it, has no route to it or no memory for it.
    int obstacles = 0;
    Bytes lacking = 0;
    Picos key = 0;
    Picos secondary = 0;
    Picos start = 0;
    friend bool operator<(const Choice& a, const Choice& b) {
      return std::tie(a.obstacles, a.lacking, a.key, a.secondary) <
             std::tie(b.obstacles, b.lacking, b.key, b.secondary);
    }
  };

  void Schedule(int32_t item) {
    int32_t best_device = device_[item];
    Choice best;
    if (best_device >= 0) {  // its group has chosen
      best = Try(item, best_device);
    } else {
      for (int32_t d = 0; d < num_devices_; ++d) {
        const Choice choice = Try(item, d);
        if (best_device >= 0 && !(choice < best)) continue;
        best = choice;
        best_device = d;
      }
      ledger_.Place(item, best_device);
      for (const int32_t other : ledger_.Unit(item)) device_[other] = best_device;
    }
    Commit(item, best_device, best.start);
  }

  Choice Try(int32_t item, int32_t d) {
    Choice choice;
    const bool placed = device_[item] >= 0;
    const Picos time = std::max<Picos>(evaluator_.Time(item, d), 0);
    if (!placed && !ledger_.CanRun(item, d)) choice.obstacles += 2;
    if (!placed && !ledger_.Fits(item, d)) {
      ++choice.obstacles;
      choice.lacking = -ledger_.Room(d);
    }
    bool routed = true;
    saved_.clear();
    const Picos ready = Receive(item, d, /*keep=*/false, routed);
    if (!routed) choice.obstacles += 2;
    if (problem_.objective == PlacementObjective::kLatency) {
      choice.start = FindGap(d, ready, time);
      choice.key = choice.start + time;
      choice.secondary = time;
    } else {
      choice.start = FindGap(d, ready, time);
      choice.key = std::max(load_[d] + time, touched_);
      choice.secondary = load_[d] + time;
    }
    for (auto it = saved_.rbegin(); it != saved_.rend(); ++it) *it->first = it->second;
    return choice;
  }

  // When all inputs of `item` are on device d. Reserves channels; unless `keep`, what it changes
  // is in saved_ to be put back. touched_: the largest load of a channel in use.
  Picos Receive(int32_t item, int32_t d, bool keep, bool& routed) {
    Picos ready = 0;
    touched_ = 0;
    const bool latency = problem_.objective == PlacementObjective::kLatency;
    for (const FlowId flow : graph_.inputs[ItemId(item)]) {
      const int32_t producer = problem_.flows[flow].from.index();
      const int32_t from = device_[producer];
      if (from == d) {
        ready = std::max(ready, end_[producer]);
        continue;
      }
      Picos& there = there_[static_cast<size_t>(flow.index()) * num_devices_ + d];
      if (there < 0) {
        const Picos time = table_.Time(flow.index(), from, d);
        if (time < 0) routed = false;
        Picos start = end_[producer];
        for (const int32_t channel : table_.Channels(from, d)) {
          start = std::max(start, channel_[channel]);
        }
        const Picos end = start + std::max<Picos>(time, 0);
        for (const int32_t channel : table_.Channels(from, d)) {
          if (!keep) saved_.emplace_back(&channel_[channel], channel_[channel]);
          // For throughput a channel only counts its load.
          channel_[channel] = latency ? end : channel_[channel] + std::max<Picos>(time, 0);
          touched_ = std::max(touched_, channel_[channel]);
        }
        if (!keep) saved_.emplace_back(&there, there);
        there = end + table_.ArrivalDelay(d);
      }
      ready = std::max(ready, there);
    }
    return ready;
  }

  // The first gap on device d from `ready` on. Looks at the last few gaps only, so that a run of n
  // items stays O(n).
  Picos FindGap(int32_t d, Picos ready, Picos time) const {
    constexpr size_t kLookBack = 64;
    const auto& busy = busy_[d];
    size_t i = busy.size() > kLookBack ? busy.size() - kLookBack : 0;
    Picos free = i == 0 ? 0 : busy[i - 1].second;
    for (; i < busy.size(); ++i) {
      const Picos start = std::max(free, ready);
      if (start + time <= busy[i].first) return start;
      free = busy[i].second;
    }
    return std::max(free, ready);
  }

  void Commit(int32_t item, int32_t d, Picos start) {
    bool routed = true;
    Receive(item, d, /*keep=*/true, routed);
    const Picos end = start + std::max<Picos>(evaluator_.Time(item, d), 0);
    start_[item] = start;
    end_[item] = end;
    load_[d] += end - start;
    auto& busy = busy_[d];
    const std::pair<Picos, Picos> interval(start, end);
    busy.insert(std::upper_bound(busy.begin(), busy.end(), interval), interval);
  }

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const Evaluator& evaluator_;
  const TransferTable& table_;
  const int32_t num_devices_;
  MemoryLedger ledger_;
  std::vector<int32_t> device_;  // by item; -1: not yet
  std::vector<Picos> start_, end_;
  std::vector<Picos> there_;    // [flow][device]: when the flow is there; -1: not sent
  std::vector<Picos> channel_;  // free from here on; for throughput the load
  std::vector<Picos> load_;     // by device
  std::vector<std::vector<std::pair<Picos, Picos>>> busy_;  // by device, ascending
  std::vector<std::pair<Picos*, Picos>> saved_;
  Picos touched_ = 0;
};

}  // namespace

std::vector<Picos> UpwardRanks(const PlacementProblem& problem, const ProblemGraph& graph,
                               RankBy by) {
  const std::vector<Picos> transfers = MeanTransfers(problem, TransferTable(problem));
  std::vector<Picos> rank(problem.items.size());
  for (auto it = graph.topological.rbegin(); it != graph.topological.rend(); ++it) {
    Picos behind = 0;
    for (const FlowId flow : graph.outputs[*it]) {
      for (const ItemId to : problem.flows[flow].to) {
        behind = std::max(behind, transfers[flow.index()] + rank[to.index()]);
      }
    }
    rank[it->index()] = behind + Weight(problem.items[*it], by);
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

MemoryLedger::MemoryLedger(const PlacementProblem& problem, std::vector<Bytes> capacity)
    : problem_(problem),
      capacity_(std::move(capacity)),
      resident_(problem.devices.size()),
      unit_of_(problem.items.size(), -1),
      holds_(problem.shared.size(), std::vector<char>(problem.devices.size())) {
  for (const std::vector<ItemId>& group : JoinedGroups(problem)) {
    for (const ItemId item : group) unit_of_[item.index()] = static_cast<int32_t>(units_.size());
    units_.emplace_back();
    for (const ItemId item : group) units_.back().push_back(item.index());
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
                      const std::function<Solution(const std::vector<Bytes>& capacity)>& build,
                      int64_t& work) {
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
    if (value.excess == 0) break;
    const Score score = evaluator.FullScore(solution);
    for (const DeviceId device : problem.devices.ids()) {
      const Bytes excess = score.peak[device] - problem.devices[device].memory;
      if (excess > 0) capacity[device.index()] -= excess;
    }
  }
  return best;
}

Solution HeftSchedule(const PlacementProblem& problem, const ProblemGraph& graph,
                      const Evaluator& evaluator, RankBy by, const std::vector<Bytes>& capacity) {
  Scheduler scheduler(problem, graph, evaluator, capacity);
  return scheduler.Run(RankOrder(graph, UpwardRanks(problem, graph, by)));
}

}  // namespace allot
