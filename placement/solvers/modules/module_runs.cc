#include "placement/solvers/modules/module_runs.h"

#include <algorithm>
#include <utility>

#include "placement/exact/exact_items.h"
#include "placement/problem/allowed_times.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/proofs/region_bound.h"
#include "placement/solvers/constructive/list_schedule.h"
#include "placement/solvers/local_search/local_search.h"
#include "placement/solvers/local_search/windows.h"

namespace allot {
namespace {

void Pin(PlacementProblem::Item& item, size_t device) {
  for (const DeviceId d : item.time.ids()) {
    if (d != DeviceId(device)) item.time[d].reset();
  }
}

}  // namespace

ModuleRuns::ModuleRuns(const ChainModule& module, PlacementProblem part, int64_t work)
    : entries_(module.entry.valid() ? part.devices.size() : 1),
      exits_(module.exit.valid() ? part.devices.size() : 1),
      skip_(module.entry.valid() ? 1 : 0),
      part_(std::move(part)),
      graph_(BuildGraph(part_)),
      facts_(part_, graph_),
      evaluator_(std::make_unique<Evaluator>(facts_)),
      bound_work_(work / static_cast<int64_t>(entries_ * exits_)),
      runs_(entries_, exits_),
      before_(entries_),
      after_(exits_) {
  for (size_t i = 0; i < module.items.size(); ++i) {
    if (module.items[i] == module.exit) exit_ = static_cast<int32_t>(i) + skip_;
  }
  if (module.IsStep()) {
    FillStep();
    return;
  }
  // Without an entry or an exit there are few runs, and nothing to guess.
  if (skip_ == 0 || exit_ < 0 || part_.items.size() >= RegionBound::kMostItems) return;
  const PathCosts costs(facts_, Launch::kIgnore);
  std::vector<int32_t> inside;
  for (const ItemId item : graph_.topological) {
    if (item != ItemId(0) && item != ItemId(exit_)) inside.push_back(item.index());
  }
  const RegionBound region(costs, 0, exit_, std::move(inside));
  for (size_t k = 0; k < entries_; ++k) {
    for (size_t l = 0; l < exits_; ++l) {
      runs_(k, l).lower = region.Path(static_cast<int32_t>(k), static_cast<int32_t>(l));
    }
  }
}

int64_t ModuleRuns::Bound(size_t entry, size_t exit) {
  ModuleRun& run = runs_(entry, exit);
  run.bounded = true;
  const PlacementProblem pinned = Pinned(entry, exit);
  if (!Check(pinned).ok()) {  // no device left for the entry, the exit or their groups
    run.lower = kNever;
    run.closed = true;
    return 1;
  }
  for (const LowerBound& bound : LowerBounds(pinned, graph_, Launch::kIgnore, bound_work_)) {
    run.lower = std::max(run.lower, bound.value);
  }
  return static_cast<int64_t>(part_.items.size());
}

// Transfers and one item.
void ModuleRuns::FillStep() {
  const TransferTable& table = evaluator_->table();
  const bool blocking = part_.communication == Communication::kBlocking;
  for (size_t k = 0; k < entries_; ++k) {
    for (size_t l = 0; l < exits_; ++l) {
      ModuleRun& run = runs_(k, l);
      const auto from = static_cast<int32_t>(k), to = static_cast<int32_t>(l);
      run.device = {to};
      run.order = {0};
      run.closed = true;
      Picos arrival = evaluator_->Time(0, from) < 0 ? kNever : 0;
      if (from != to && arrival < kNever) {
        // Transfers over one route wait for each other, unless they occupy nothing.
        const bool serial = blocking || !table.Channels(from, to).empty();
        for (const FlowId flow : graph_.outputs[ItemId(0)]) {
          if (part_.flows[flow].to.empty()) continue;
          const Picos transfer = table.Time(flow.index(), from, to);
          if (transfer == TransferTable::kNoRoute) {
            arrival = kNever;
            break;
          }
          arrival = serial ? arrival + transfer : std::max(arrival, transfer);
        }
        if (arrival < kNever) arrival += table.ArrivalDelay(to);
      }
      const Picos time = evaluator_->Time(exit_, to);
      run.value = arrival >= kNever || time < 0 ? kNever : arrival + time;
      run.lower = run.value;
    }
  }
}

PlacementProblem ModuleRuns::Pinned(size_t entry, size_t exit) const {
  PlacementProblem pinned = part_;
  if (skip_ > 0 && entry != kAnywhere) Pin(pinned.items[ItemId(0)], entry);
  if (exit_ >= 0 && exit != kAnywhere) Pin(pinned.items[ItemId(exit_)], exit);
  return pinned;
}

int64_t ModuleRuns::RaiseBounds(size_t entry, size_t exit, int64_t work) {
  const auto pinned = [&](size_t from, size_t to) {
    const PlacementProblem problem = Pinned(from, to);
    return MakeSequenceInstance(ProblemFacts(problem, graph_), StepSize::kOne);
  };
  const int64_t before = RaiseBefore(pinned(entry, kAnywhere), work / 2, before_[entry]);
  return before + RaiseAfter(pinned(kAnywhere, exit), work - before, after_[exit]);
}

Solution ModuleRuns::ToSolution(size_t entry, const std::vector<int32_t>& device,
                                const std::vector<int32_t>& order) const {
  Solution solution;
  if (skip_ > 0) {
    solution.device_of.Add(DeviceId(entry));
    solution.order.push_back(ItemId(0));
  }
  for (const int32_t d : device) solution.device_of.Add(DeviceId(d));
  for (const int32_t place : order) solution.order.push_back(ItemId(place + skip_));
  return solution;
}

void ModuleRuns::Keep(size_t entry, size_t exit, const Solution& solution, Picos value) {
  ModuleRun& run = runs_(entry, exit);
  if (value >= run.value) return;
  run.value = value;
  run.device.assign(solution.device_of.size() - Size(skip_), 0);
  run.order.clear();
  for (const ItemId item : solution.order) {
    if (item.index() < skip_) continue;
    run.device[Size(item.index() - skip_)] = solution.device_of[item].index();
    run.order.push_back(item.index() - skip_);
  }
}

void ModuleRuns::Offer(size_t entry, const std::vector<int32_t>& device,
                       const std::vector<int32_t>& order) {
  const size_t exit = exit_ < 0 ? 0 : Size(device[Size(exit_ - skip_)]);
  if (runs_(entry, exit).closed) return;
  const Solution solution = ToSolution(entry, device, order);
  const SearchValue value = evaluator_->Value(solution);
  if (value.feasible()) Keep(entry, exit, solution, value.objective);
}

int64_t ModuleRuns::Search(size_t entry, size_t exit, Picos cutoff, size_t max_exact,
                           int64_t first_effort, int64_t work, uint64_t seed) {
  ModuleRun& run = runs_(entry, exit);
  if (!run.bounded) return Bound(entry, exit);
  if (run.effort == 0) run.effort = first_effort;
  // The searches nearby take half of it at most, bounds a quarter, the exact search all.
  const int64_t effort = std::max<int64_t>(std::min(run.effort, work / 7 * 4), 1);
  run.effort *= 4;
  const PlacementProblem pinned = Pinned(entry, exit);
  const ProblemFacts facts(pinned, graph_);
  Evaluator evaluator(facts);
  int64_t spent = 1;
  const bool exact = part_.items.size() <= max_exact;
  // Where the exact search takes over, some rounds over all windows are enough.
  const auto n = static_cast<int64_t>(part_.items.size());
  const int64_t nearby = exact ? std::clamp<int64_t>(effort / 2, 1, 100 * n * n) : effort;
  const PathCosts costs(facts, Launch::kIgnore);
  Solution start = run.value < kNever
                       ? ToSolution(entry, run.device, run.order)
                       : ScheduleByRank(pinned, graph_, evaluator, RankBy::kMean, Gaps::kFill,
                                        std::vector<Bytes>(pinned.devices.size(),
                                                           pinned.devices[DeviceId(0)].memory));
  // Windows that grow, and moves of single items, in turns.
  for (const int64_t window : {8, 12, 16, 20}) {
    const int64_t until = nearby * (window / 4 - 1) / 4;
    start = ImproveWindows(pinned, graph_, costs, evaluator, start, {}, window,
                           (until - spent) * 2 / 3, spent);
    if (spent < until) {
      start = SearchLocally(pinned, graph_, evaluator, start, until - spent, seed++, spent);
    }
  }
  const SearchValue value = evaluator.Value(start);
  if (value.feasible()) Keep(entry, exit, start, value.objective);
  if (exact && run.lower < std::min(run.value, cutoff)) {
    const bool known = run.value < kNever && run.value <= cutoff;
    const Solution best = known ? ToSolution(entry, run.device, run.order) : Solution();
    spent += RaiseBounds(entry, exit, effort / 4);
    const ItemBounds bounds{before_[entry], after_[exit]};
    ExactItemsResult found =
        ExactItems(facts, known ? &best : nullptr, effort, known ? kNever : cutoff, &bounds);
    spent += found.work;
    run.lower = std::max(run.lower, found.lower);
    if (found.solution.has_value()) Keep(entry, exit, *found.solution, found.value);
    if (found.proved) {
      run.closed = true;
      // Nothing is better than what is known, or than the cutoff.
      run.lower = std::max(run.lower, std::min(run.value, cutoff));
    }
  }
  if (run.lower >= std::min(run.value, cutoff)) run.closed = true;
  return spent;
}

}  // namespace allot
