// All solvers together: the quick ones first, then those that improve or prove, each with its share
// of the work, then a last local search from the best. What runs depends on the problem and the
// limits alone, never on time or threads.
#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"

#include "placement/claims.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/search/progress.h"
#include "placement/solver.h"
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

struct Task {
  std::string name;  // in the registry; a name that is not there is left out
  std::string options;
  int64_t work = 0;
  uint64_t seed = 1;
  size_t max_items = 0;  // left out of larger problems
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

  ProblemFeatures features() const override {
    return {.staged = true, .contiguous = true, .calls = true};
  }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    Standing standing;
    if (input.incumbent != nullptr) {
      SolveResult given;
      given.score = Evaluate(input.problem, input.graph, *input.incumbent);
      given.solver = "incumbent";
      if (given.score.feasible) given.best = *input.incumbent;
      standing.Take(std::move(given));
    }
    if (input.known_bound > 0) standing.result.lower_bound = {input.known_bound, "given"};
    const int64_t work = std::max<int64_t>(input.limits.work, 1);
    // Often enough for what a construction solves; the rest waits until there is an answer.
    Bound(input, std::min<int64_t>(work / 64, kLittleForBounds), standing);
    if (input.problem.execution == Execution::kCalls) {
      ALLOT_RETURN_IF_ERROR(PlaceCalls(input, work, standing));
    } else if (input.problem.objective == PlacementObjective::kLatency) {
      ALLOT_RETURN_IF_ERROR(PlaceItems(input, work, standing));
    } else {
      ALLOT_RETURN_IF_ERROR(BalanceLoads(input, work, standing));
    }
    // The front scores and decides about optimality again.
    return std::move(standing.result);
  }

 private:
  // Beyond the second a bound hardly rises.
  static constexpr int64_t kLittleForBounds = 100'000, kMostForBounds = 20'000'000;

  static void Bound(const SolveInput& input, int64_t work, Standing& standing) {
    const std::vector<LowerBound> bounds =
        LowerBounds(input.problem, input.graph, Launch::kIgnore, work);
    if (bounds.empty() || bounds[0].value <= standing.result.lower_bound.value) return;
    standing.result.lower_bound = bounds[0];
    Report(input, standing);
  }

  // One search that does everything, from three seeds, two of them side by side.
  absl::Status PlaceCalls(const SolveInput& input, int64_t work, Standing& standing) const {
    const uint64_t seed = input.limits.seed;
    const size_t any = input.problem.items.size();
    Bound(input, std::min(work / 4, kMostForBounds), standing);
    ALLOT_RETURN_IF_ERROR(RunAll({{"single-device", "", work, seed, any}}, input, standing));
    ALLOT_RETURN_IF_ERROR(AnswerSmall(input, work, standing));
    if (standing.Done()) return absl::OkStatus();
    ALLOT_RETURN_IF_ERROR(
        RunAll({{"calls", "", work / 2, seed, any}, {"calls", "", work / 4, seed + 1, any}}, input,
               standing));
    if (standing.Done()) return absl::OkStatus();
    return RunAll({{"calls", "", work / 4, seed + 2, any}}, input, standing);
  }

  // Throughput. A solver for chains stops early or proves the optimum, so it may take all; the
  // others share what it leaves, but never less than half.
  absl::Status BalanceLoads(const SolveInput& input, int64_t work, Standing& standing) const {
    const uint64_t seed = input.limits.seed;
    const size_t any = input.problem.items.size();
    ALLOT_RETURN_IF_ERROR(RunAll({{"single-device", "", work, seed, any},
                                  {"greedy", "", work, seed, any},
                                  {"heft", "", work, seed, any},
                                  {"peft", "", work, seed, any},
                                  {"m-etf", "", work, seed, any},
                                  {"m-sct", "", work, seed, any}},
                                 input, standing));
    ALLOT_RETURN_IF_ERROR(AnswerSmall(input, work, standing));
    if (standing.Done()) return absl::OkStatus();
    Bound(input, std::min(work / 2, kMostForBounds), standing);
    ALLOT_RETURN_IF_ERROR(RunAll(
        {{"chain-dp", "", work, seed, any}, {"downset-dp", "", work, seed, any}}, input, standing));
    if (standing.Done()) return absl::OkStatus();
    // Where channels count, too, it is one search among others.
    const bool channels =
        input.problem.num_channels > 0 && input.problem.communication != Communication::kDelay;
    const int64_t much = channels ? work / 4 : work / 4 * 3;
    ALLOT_RETURN_IF_ERROR(RunAll({{"load-anneal", "", much, seed, any}}, input, standing));
    if (standing.Done()) return absl::OkStatus();
    const int64_t share = std::max(work / 2, work - standing.result.work) / 4;
    ALLOT_RETURN_IF_ERROR(RunAll({{"modular", "", share, seed, any},
                                  {"local-search", "restarts=1", share, seed, any},
                                  {"local-search", "restarts=1", share, seed + 1, any},
                                  {"branch-bound", "", share, seed, kSmall},
                                  {"milp", "", share, seed, kTiny}},
                                 input, standing));
    if (standing.Done()) return absl::OkStatus();
    // What others have left, and always a quarter.
    const int64_t rest = std::max(work / 4, work - standing.result.work);
    return RunAll({{"modular", "", rest / 2, seed + 2, any},
                   {"local-search", "restarts=1", rest / 2, seed + 2, any}},
                  input, standing);
  }

  // The latency of single items: constructions, then the chain of modules with half of the work,
  // then improvement in rounds. In each round large windows and single moves both start from the
  // best so far; whichever does better gets the larger share of the next.
  absl::Status PlaceItems(const SolveInput& input, int64_t work, Standing& standing) const {
    const uint64_t seed = input.limits.seed;
    const size_t any = input.problem.items.size();
    ALLOT_RETURN_IF_ERROR(RunAll({{"single-device", "", work, seed, any},
                                  {"greedy", "", work, seed, any},
                                  {"priority-greedy", "", work, seed, any},
                                  {"heft", "", work, seed, any},
                                  {"peft", "", work, seed, any}},
                                 input, standing));
    ALLOT_RETURN_IF_ERROR(AnswerSmall(input, work, standing));
    if (standing.Done()) return absl::OkStatus();
    Bound(input, std::min(work / 2, kMostForBounds), standing);
    if (standing.Done()) return absl::OkStatus();
    ALLOT_RETURN_IF_ERROR(RunAll({{"chain-dp", "", std::max<int64_t>(work / 2, 1), seed, any},
                                  {"downset-dp", "", work, seed, any}},
                                 input, standing));
    const int64_t left = std::max(work / 2, work - standing.result.work);
    constexpr int64_t kRounds = 4;
    int64_t windows = 4, moves = 4;  // eighths
    for (int64_t round = 0; round < kRounds && !standing.Done(); ++round) {
      const int64_t share = std::max<int64_t>(left / kRounds, 1);
      const uint64_t mine = seed + static_cast<uint64_t>(round);
      const std::optional<Picos> before =
          standing.result.best ? std::optional(standing.result.score.objective) : std::nullopt;
      std::vector<Task> tasks = {
          {"modular", round == 0 ? "" : "build=false", share * windows / 8, mine, any},
          {"local-search", "restarts=1", share * moves / 8, mine, any}};
      if (round == 0) {
        tasks.push_back({"branch-bound", "", share, seed, kSmall});
        tasks.push_back({"milp", "", share, seed, kTiny});
      }
      ALLOT_RETURN_IF_ERROR(RunAll(tasks, input, standing));
      if (!standing.result.best || before == standing.result.score.objective) continue;
      windows = standing.result.solver == "local-search" ? 1 : 7;
      moves = 8 - windows;
    }
    return absl::OkStatus();
  }

  // Where the constructions find nothing, room is scarce: what is small is settled by trying all.
  absl::Status AnswerSmall(const SolveInput& input, int64_t work, Standing& standing) const {
    if (standing.result.best.has_value()) return absl::OkStatus();
    return RunAll(
        {{"brute-force", absl::StrCat("max-items=", kEnumerable),
          std::max(work / 4, std::min(work, kEnoughToEnumerate)), input.limits.seed, kEnumerable}},
        input, standing);
  }

  static void Report(const SolveInput& input, const Standing& standing) {
    if (!input.limits.progress) return;
    input.limits.progress(standing.result.best ? standing.result.score.objective : -1,
                          standing.result.lower_bound.value, standing.result.work);
  }

  // Beyond these an exact search only burns its share.
  static constexpr size_t kSmall = 60, kTiny = 16;
  static constexpr size_t kEnumerable = 12;
  static constexpr int64_t kEnoughToEnumerate = 1'000'000;  // about a tenth of a second

  bool Runs(const Registry<PlacementSolver>& registry, const Task& task, size_t num_items) const {
    return num_items <= task.max_items && registry.Find(task.name) != nullptr &&
           std::find(options_.skip.begin(), options_.skip.end(), task.name) == options_.skip.end();
  }

  // Runs all tasks from the same incumbent, on as many threads as allowed, and takes their results
  // in order.
  absl::Status RunAll(const std::vector<Task>& all, const SolveInput& input,
                      Standing& standing) const {
    const Registry<PlacementSolver> registry =
        input.limits.solvers != nullptr ? *input.limits.solvers : BuiltinSolvers();
    std::vector<Task> tasks;
    for (const Task& task : all) {
      if (Runs(registry, task, input.problem.items.size())) tasks.push_back(task);
    }
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
    return ::allot::Solve(
        *solver, task.name,
        SolveInput{input.problem, input.graph, limits, incumbent, input.module_of, proved});
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
