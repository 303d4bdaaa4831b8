// Exact on chains of modules (module_chain.h). With D_q(k, l) the best time of module q from the
// end of one cut vertex on k to the end of the next on l, the optimum without binding memory is a
// shortest path in (min, +) over the devices of the cut vertices. Few of the D_q decide it, so they
// are found out in turns: along the path that is shortest by proven bounds, each run is searched
// for what is better than the best known total leaves for it, with efforts that grow, until that
// path is as long as the best known total. Identical modules are searched once.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

#include "placement/bounds/path_bounds.h"
#include "placement/exact/exact_items.h"
#include "placement/problem/allowed_times.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/search/progress.h"
#include "placement/solver.h"
#include "placement/solvers/constructive/list_schedule.h"
#include "placement/solvers/modules/module_chain.h"
#include "placement/solvers/modules/module_runs.h"
#include "placement/value/evaluator.h"
#include "support/status.h"

namespace allot {
namespace {

struct ChainDpOptions {
  int64_t max_module = static_cast<int64_t>(kMaxExactItems) - 1;
};

OptionSchema<ChainDpOptions> Schema() {
  return OptionSchema<ChainDpOptions>().Add(
      "max-module", &ChainDpOptions::max_module,
      absl::StrCat("Search modules of at most this many items exactly (at most ",
                   kMaxExactItems - 1, ")"));
}

class Chain {
 public:
  Chain(const SolveInput& input, int64_t max_module)
      : facts_(*input.facts),
        problem_(input.problem),
        graph_(input.graph),
        // The entry is one of the items that are searched.
        max_exact_(static_cast<size_t>(std::clamp<int64_t>(
                       max_module, 1, static_cast<int64_t>(kMaxExactItems) - 1)) +
                   1),
        work_(std::max<int64_t>(input.limits.work, 1)),
        seed_(input.limits.seed),
        incumbent_(input.incumbent),
        evaluator_(*input.facts),
        progress_(input.limits.progress) {}

  SolveResult Solve() {
    Split();
    if (modules_.empty()) {
      best_ = Solution();
      return Result(0);
    }
    if (incumbent_ != nullptr) Take(*incumbent_);
    std::vector<Bytes> capacity;
    for (const PlacementProblem::MachineDevice& device : problem_.devices) {
      capacity.push_back(device.memory);
    }
    Take(ScheduleByRank(problem_, graph_, evaluator_, RankBy::kMean, Gaps::kFill, capacity));
    if (families_.empty()) {
      Picos lower = 0;
      for (const LowerBound& bound : LowerBounds(facts_, Launch::kIgnore, work_ / 8)) {
        lower = std::max(lower, bound.value);
      }
      return Result(lower);
    }
    Combine();
    BoundFromBothEnds();
    while (spent_ < work_ && Lower() < upper_) {
      if (!SearchPath()) break;
      Combine();
      BoundFromBothEnds();
    }
    return Result(Lower());
  }

 private:
  ModuleRuns& Runs(size_t q) { return *families_[family_of_[q]]; }
  const ModuleRuns& Runs(size_t q) const { return *families_[family_of_[q]]; }

  void Split() {
    const ItemTimes& times = facts_.allowed_times();
    modules_ = SplitAtCutVertices(problem_, graph_, times);
    // With most items in one module that is too large for an exact search, this is no chain: other
    // searches do as well.
    for (const ChainModule& module : modules_) {
      const size_t size = module.items.size();
      if (size >= max_exact_ && size * 2 > problem_.items.size()) return;
    }
    std::map<std::string, size_t> seen;
    std::vector<std::pair<size_t, PlacementProblem>> parts;  // by family: its first module
    for (const ChainModule& module : modules_) {
      PlacementProblem part = ExtractModule(problem_, graph_, times, module);
      const auto [it, is_new] = seen.emplace(ModuleKey(part, module), parts.size());
      family_of_.push_back(it->second);
      if (is_new) parts.emplace_back(family_of_.size() - 1, std::move(part));
    }
    const int64_t share = work_ / 8 / std::max<int64_t>(1, static_cast<int64_t>(parts.size()));
    for (auto& [q, part] : parts) {
      families_.push_back(std::make_unique<ModuleRuns>(modules_[q], std::move(part), share));
    }
    // The first efforts leave enough to go over everything a few times.
    first_effort_ = std::clamp<int64_t>(
        work_ / (32 * std::max<int64_t>(1, static_cast<int64_t>(parts.size()))), 200, 5'000);
  }

  // Each module's part of a solution is a run.
  void Take(const Solution& solution) {
    const SearchValue value = evaluator_.Value(solution);
    spent_ += static_cast<int64_t>(problem_.items.size());
    if (!value.feasible()) return;
    if (value.objective < upper_) {
      upper_ = value.objective;
      best_ = solution;
    }
    IdVector<ItemId, size_t> position(problem_.items.size());
    for (size_t i = 0; i < solution.order.size(); ++i) position[solution.order[i]] = i;
    for (size_t q = 0; q < modules_.size(); ++q) {
      const ChainModule& module = modules_[q];
      std::vector<int32_t> device, order;
      for (size_t i = 0; i < module.items.size(); ++i) {
        device.push_back(solution.device_of[module.items[i]].index());
        order.push_back(static_cast<int32_t>(i));
      }
      std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
        return position[module.items[static_cast<size_t>(a)]] <
               position[module.items[static_cast<size_t>(b)]];
      });
      const size_t entry =
          module.entry.valid() ? static_cast<size_t>(solution.device_of[module.entry].index()) : 0;
      if (!families_.empty()) Runs(q).Offer(entry, device, order);
    }
  }

  // Shortest ways by proven bounds to each cut vertex on each device, and from there.
  void BoundFromBothEnds() {
    to_.assign(1, {0});
    for (size_t q = 0; q < modules_.size(); ++q) {
      std::vector<Picos>& next = to_.emplace_back(Runs(q).exits(), kNever);
      for (size_t k = 0; k < Runs(q).entries(); ++k) {
        for (size_t l = 0; l < Runs(q).exits(); ++l) {
          next[l] = std::min(next[l], Sum(to_[q][k], Runs(q).at(k, l).lower));
        }
      }
    }
    from_.assign(modules_.size() + 1, {});
    from_.back().assign(Runs(modules_.size() - 1).exits(), 0);
    for (size_t q = modules_.size(); q-- > 0;) {
      from_[q].assign(Runs(q).entries(), kNever);
      for (size_t k = 0; k < Runs(q).entries(); ++k) {
        for (size_t l = 0; l < Runs(q).exits(); ++l) {
          from_[q][k] = std::min(from_[q][k], Sum(Runs(q).at(k, l).lower, from_[q + 1][l]));
        }
      }
    }
    progress_.Report(upper_ < kNever ? upper_ : -1, Lower() < kNever ? Lower() : 0, spent_);
  }
  static Picos Sum(Picos a, Picos b) { return a >= kNever || b >= kNever ? kNever : a + b; }
  Picos Lower() const { return from_[0][0]; }

  // What a run has to be below to make a better total anywhere.
  Picos Cutoff(size_t family, size_t entry, size_t exit) const {
    if (upper_ >= kNever) return kNever;
    Picos cutoff = 0;
    for (size_t q = 0; q < modules_.size(); ++q) {
      if (family_of_[q] != family) continue;
      const Picos others = Sum(to_[q][entry], from_[q + 1][exit]);
      if (others < upper_) cutoff = std::max(cutoff, upper_ - others);
    }
    return cutoff;
  }

  // Searches what is open along the shortest path. False if nothing is.
  bool SearchPath() {
    std::vector<std::tuple<size_t, size_t, size_t>> open;  // family, entry, exit
    size_t k = 0;
    for (size_t q = 0; q < modules_.size(); ++q) {
      size_t l = 0;
      while (Sum(Runs(q).at(k, l).lower, from_[q + 1][l]) != from_[q][k]) ++l;
      if (!Runs(q).at(k, l).closed) open.emplace_back(family_of_[q], k, l);
      k = l;
    }
    std::sort(open.begin(), open.end());
    open.erase(std::unique(open.begin(), open.end()), open.end());
    for (const auto& [family, entry, exit] : open) {
      if (spent_ >= work_) break;
      spent_ += families_[family]->Search(entry, exit, Cutoff(family, entry, exit), max_exact_,
                                          first_effort_, work_ - spent_, seed_++);
    }
    return !open.empty();
  }

  // The shortest path by the values of known runs.
  void Combine() {
    std::vector<Picos> value = {0};
    std::vector<std::vector<size_t>> from;  // by module: the best entry for each exit
    for (size_t q = 0; q < modules_.size(); ++q) {
      std::vector<Picos> next(Runs(q).exits(), kNever);
      std::vector<size_t>& best = from.emplace_back(Runs(q).exits(), 0);
      for (size_t k = 0; k < Runs(q).entries(); ++k) {
        for (size_t l = 0; l < Runs(q).exits(); ++l) {
          const Picos sum = Sum(value[k], Runs(q).at(k, l).value);
          if (sum >= next[l]) continue;
          next[l] = sum;
          best[l] = k;
        }
      }
      value = std::move(next);
    }
    const auto last = std::min_element(value.begin(), value.end());
    if (*last >= upper_) return;
    Solution solution{Placement(problem_.items.size()), {}};
    std::vector<const ModuleRun*> path(modules_.size());
    auto l = static_cast<size_t>(last - value.begin());
    for (size_t q = modules_.size(); q-- > 0;) {
      path[q] = &Runs(q).at(from[q][l], l);
      l = from[q][l];
    }
    for (size_t q = 0; q < modules_.size(); ++q) {
      for (const int32_t place : path[q]->order) {
        const ItemId item = modules_[q].items[static_cast<size_t>(place)];
        solution.order.push_back(item);
        solution.device_of[item] = DeviceId(path[q]->device[static_cast<size_t>(place)]);
      }
    }
    const SearchValue found = evaluator_.Value(solution);
    spent_ += static_cast<int64_t>(problem_.items.size());
    // Where memory binds or a group spans modules, the sum is not what it promises.
    if (!found.feasible() || found.objective >= upper_) return;
    upper_ = found.objective;
    best_ = std::move(solution);
  }

  SolveResult Result(Picos lower) {
    SolveResult result;
    result.work = spent_;
    if (lower >= kNever) {
      result.termination = Termination::kInfeasible;
      return result;
    }
    result.lower_bound = {std::min(lower, upper_), "chain-dp"};
    if (!best_.has_value()) return result;
    result.termination =
        modules_.empty() || lower >= upper_ ? Termination::kOptimal : Termination::kFeasible;
    result.best = std::move(best_);
    return result;
  }

  const ProblemFacts& facts_;
  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const size_t max_exact_;
  const int64_t work_;
  uint64_t seed_;
  const Solution* incumbent_;
  Evaluator evaluator_;
  Progress progress_;
  int64_t spent_ = 0;
  int64_t first_effort_ = 0;
  std::vector<ChainModule> modules_;
  std::vector<size_t> family_of_;  // by module; identical ones share
  std::vector<std::unique_ptr<ModuleRuns>> families_;
  // By cut vertex (0: before everything) and device.
  std::vector<std::vector<Picos>> to_, from_;
  Picos upper_ = kNever;
  std::optional<Solution> best_;
};

class ChainDp : public PlacementSolver {
 public:
  explicit ChainDp(ChainDpOptions options) : options_(options) {}

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    if (input.problem.objective != PlacementObjective::kLatency) {
      return InputError("only latency decomposes at cut vertices");
    }
    if (input.problem.devices.size() > kMaxExactDevices) {
      return InputError(input.problem.devices.size(), " devices are more than ", kMaxExactDevices);
    }
    return Chain(input, options_.max_module).Solve();
  }

 private:
  const ChainDpOptions options_;
};

}  // namespace

Entry<PlacementSolver> ChainDpEntry() {
  return MakeEntry<PlacementSolver, ChainDp>(
      "chain-dp",
      "Solves the modules between cut vertices exactly and joins them by dynamic programming.",
      Schema());
}

}  // namespace allot
