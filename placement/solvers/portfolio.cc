// All solvers together, as the table says (portfolio_phases.h): the quick ones first, then those
// that improve or prove, each with its share of the work. What runs depends on the problem, the
// limits and the registry alone, never on time or threads.
#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "placement/claims.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/search/progress.h"
#include "placement/solver.h"
#include "placement/solvers/portfolio_phases.h"
#include "support/status.h"

namespace allot {
namespace {

struct PortfolioOptions {
  std::vector<std::string> skip;
};

OptionSchema<PortfolioOptions> Schema() {
  return OptionSchema<PortfolioOptions>().Add("skip", &PortfolioOptions::skip,
                                              "Solvers to leave out, by name");
}

// A row of the table as it runs.
struct Task {
  std::string name, options;
  int64_t work = 0;
  uint64_t seed = 1;
};

// What the portfolio knows so far.
struct Standing {
  SolveResult result;
  Claims claims;  // of all solvers, held against each other

  void Take(SolveResult other) {
    result.work += other.work;
    if (other.lower_bound.value > result.lower_bound.value) result.lower_bound = other.lower_bound;
    if (other.termination == Termination::kInfeasible && !result.best.has_value()) {
      result.termination = Termination::kInfeasible;
    }
    if (!other.best.has_value()) return;
    if (result.best.has_value() && !Better(other.score, result.score)) return;
    result.best = std::move(other.best);
    result.score = std::move(other.score);
    result.solver = std::move(other.solver);
    result.termination = Termination::kFeasible;
  }

  bool Done() const {
    if (!result.best.has_value()) return result.termination == Termination::kInfeasible;
    return result.lower_bound.value >= result.score.objective;
  }
};

class Portfolio : public PlacementSolver {
 public:
  explicit Portfolio(PortfolioOptions options) : options_(std::move(options)) {}

  std::vector<absl::string_view> kinds() const override { return {kItemsKind, kCallsKind}; }
  ProblemFeatures features() const override { return {.staged = true, .contiguous = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    Standing standing;
    if (input.incumbent != nullptr) {
      SolveResult given;
      given.score = Evaluate(*input.facts, *input.incumbent);
      given.solver = "incumbent";
      if (given.score.feasible) given.best = *input.incumbent;
      standing.Take(std::move(given));
    }
    if (input.known_bound > 0) standing.result.lower_bound = {input.known_bound, "given"};
    const Registry<PlacementSolver> registry =
        input.limits.solvers != nullptr ? *input.limits.solvers : BuiltinSolvers();
    std::vector<PortfolioPhase> phases = PortfolioPhases(input.problem);
    AddVolunteers(registry, phases);
    for (const PortfolioPhase& phase : phases) {
      if (phase.when == PortfolioPhase::When::kOpen && standing.Done()) break;
      if (phase.when == PortfolioPhase::When::kUnanswered && standing.result.best.has_value()) {
        continue;
      }
      ALLOT_RETURN_IF_ERROR(Run(phase, registry, input, standing));
    }
    // The front scores and decides about optimality again.
    return std::move(standing.result);
  }

 private:
  absl::Status Run(const PortfolioPhase& phase, const Registry<PlacementSolver>& registry,
                   const SolveInput& input, Standing& standing) const {
    const int64_t work = std::max<int64_t>(input.limits.work, 1);
    if (phase.bounds.parts > 0) {
      Bound(input, std::min(phase.bounds.Of(work), phase.most_for_bounds), standing);
    }
    if (phase.rows.empty()) return absl::OkStatus();
    const int64_t all = std::max(phase.least.Of(work), work - standing.result.work);
    if (phase.rounds > 1) return RunRounds(phase, all, registry, input, standing);
    std::vector<Task> tasks;
    for (const PortfolioRow& row : phase.rows) {
      const int64_t share = std::max<int64_t>(row.share.Of(all), 1);
      const int64_t least = std::min(work, row.at_least);
      AddTask(row, row.options, std::max(share, least), row.seed, registry, input, tasks);
    }
    return RunAll(tasks, registry, input, standing);
  }

  // Whoever does better gets the larger share of the next round.
  absl::Status RunRounds(const PortfolioPhase& phase, int64_t all,
                         const Registry<PlacementSolver>& registry, const SolveInput& input,
                         Standing& standing) const {
    constexpr int64_t kShares = 8;
    std::vector<const PortfolioRow*> rivals;
    for (const PortfolioRow& row : phase.rows) {
      if (row.again.has_value()) rivals.push_back(&row);
    }
    const auto num_rivals = static_cast<int64_t>(rivals.size());
    std::vector<int64_t> weights(rivals.size(), kShares / num_rivals);
    const int64_t share = std::max<int64_t>(all / phase.rounds, 1);
    for (int64_t round = 0; round < phase.rounds && !standing.Done(); ++round) {
      const std::optional<Picos> before =
          standing.result.best ? std::optional(standing.result.score.objective) : std::nullopt;
      std::vector<Task> tasks;
      for (size_t i = 0; i < rivals.size(); ++i) {
        const PortfolioRow& row = *rivals[i];
        AddTask(row, round == 0 ? row.options : *row.again, share * weights[i] / kShares,
                row.seed + static_cast<uint64_t>(round), registry, input, tasks);
      }
      for (const PortfolioRow& row : phase.rows) {
        if (round > 0 || row.again.has_value()) continue;
        AddTask(row, row.options, share, row.seed, registry, input, tasks);
      }
      ALLOT_RETURN_IF_ERROR(RunAll(tasks, registry, input, standing));
      if (!standing.result.best || before == standing.result.score.objective) continue;
      size_t winner = 0;  // also where none of them has won
      for (size_t i = 0; i < rivals.size(); ++i) {
        if (rivals[i]->solver == standing.result.solver) winner = i;
      }
      weights.assign(rivals.size(), 1);
      weights[winner] = kShares - (num_rivals - 1);
    }
    return absl::OkStatus();
  }

  void AddTask(const PortfolioRow& row, const std::string& options, int64_t work, uint64_t seed,
               const Registry<PlacementSolver>& registry, const SolveInput& input,
               std::vector<Task>& tasks) const {
    const bool skip =
        std::find(options_.skip.begin(), options_.skip.end(), row.solver) != options_.skip.end();
    if (skip || input.problem.items.size() > row.most_items) return;
    if (registry.Find(row.solver) == nullptr) return;
    tasks.push_back({row.solver, options, work, input.limits.seed + seed});
  }

  static void Bound(const SolveInput& input, int64_t work, Standing& standing) {
    const std::vector<LowerBound> bounds = LowerBounds(*input.facts, Launch::kIgnore, work);
    if (bounds.empty() || bounds[0].value <= standing.result.lower_bound.value) return;
    standing.result.lower_bound = bounds[0];
    Report(input, standing);
  }

  static void Report(const SolveInput& input, const Standing& standing) {
    if (!input.limits.progress) return;
    input.limits.progress(standing.result.best ? standing.result.score.objective : -1,
                          standing.result.lower_bound.value, standing.result.work);
  }

  // Runs all tasks from the same incumbent, on as many threads as allowed, and takes their results
  // in order.
  static absl::Status RunAll(const std::vector<Task>& tasks,
                             const Registry<PlacementSolver>& registry, const SolveInput& input,
                             Standing& standing) {
    std::vector<absl::StatusOr<SolveResult>> results(tasks.size(), absl::UnknownError("not run"));
    const Solution* incumbent = standing.result.best ? &*standing.result.best : nullptr;
    // What any of them reaches counts from what is known already.
    Progress progress(input.limits.progress);
    std::mutex reporting;
    const Picos known = standing.result.best ? standing.result.score.objective : -1;
    const Picos proved = standing.result.lower_bound.value;
    const int64_t before = standing.result.work;
    ProgressHook hook = nullptr;
    if (input.limits.progress) {
      hook = [&](Picos value, Picos bound, int64_t work) {
        const std::lock_guard<std::mutex> lock(reporting);
        const bool better = value >= 0 && (known < 0 || value < known);
        if (!better && bound <= proved) return;
        progress.Report(better ? value : known, std::max(bound, proved), before + work);
      };
    }
    std::atomic<size_t> next = 0;
    const auto run = [&] {
      for (size_t i = next++; i < tasks.size(); i = next++) {
        results[i] = RunOne(registry, tasks[i], input, incumbent, proved, hook);
      }
    };
    std::vector<std::thread> threads;
    const auto wanted = std::min<size_t>(std::max(input.limits.threads, 1), tasks.size());
    for (size_t i = 1; i < wanted; ++i) threads.emplace_back(run);
    run();
    for (std::thread& thread : threads) thread.join();
    for (size_t i = 0; i < results.size(); ++i) {
      absl::StatusOr<SolveResult>& result = results[i];
      if (result.ok()) {
        ALLOT_RETURN_IF_ERROR(standing.claims.Add(tasks[i].name, *result));
        standing.Take(*std::move(result));
      } else if (absl::IsInternal(result.status())) {
        return result.status();
      }  // else: a solver for other problems
    }
    Report(input, standing);
    const SolveResult& reached = standing.result;
    if (input.limits.stage && reached.best && (known < 0 || reached.score.objective < known)) {
      input.limits.stage(reached);
    }
    return absl::OkStatus();
  }

  static absl::StatusOr<SolveResult> RunOne(const Registry<PlacementSolver>& registry,
                                            const Task& task, const SolveInput& input,
                                            const Solution* incumbent, Picos proved,
                                            const ProgressHook& progress) {
    ALLOT_ASSIGN_OR_RETURN(const std::unique_ptr<PlacementSolver> solver,
                           registry.Find(task.name)->make(task.options));
    const SolveLimits limits{task.work, task.seed, 1, progress};
    return ::allot::Solve(*solver, task.name,
                          SolveInput{input.problem, input.graph, limits, incumbent, input.module_of,
                                     proved, input.facts});
  }

  const PortfolioOptions options_;
};

}  // namespace

Entry<PlacementSolver> PortfolioEntry() {
  return MakeEntry<PlacementSolver, Portfolio>(
      "auto", "Runs all solvers that fit the problem and returns the best answer and bound.",
      Schema());
}

}  // namespace allot
