#include "tests/suites/conformance.h"

#include <algorithm>
#include <limits>

#include "gtest/gtest.h"

#include "absl/strings/str_cat.h"

#include "placement/exact/brute_force_parts.h"
#include "placement/verify/verify.h"

namespace allot::testing {
namespace {

class Examination {
 public:
  Examination(const PlacementSolver& solver, absl::string_view name,
              const PlacementProblem& problem, const Truth& truth, const SolveLimits& limits)
      : solver_(solver),
        name_(name),
        problem_(problem),
        graph_(BuildGraph(problem)),
        truth_(truth),
        limits_(limits) {}

  Verdict Run() {
    const absl::StatusOr<SolveResult> first = Ask(1, nullptr);
    if (!first.ok()) {
      // A solver may refuse problems of other kinds; it may not break.
      verdict_.refused = !absl::IsInternal(first.status());
      if (!verdict_.refused) Fault(first.status().message());
      return std::move(verdict_);
    }
    verdict_.solved = first->best.has_value();
    Claims(*first);
    if (first->best.has_value()) Answer(*first);
    const absl::StatusOr<SolveResult> again = Ask(2, nullptr);
    if (again.ok()) {
      Repeated(*first, *again);
    } else {
      Fault("fails on two threads: ", again.status().message());
    }
    if (!truth_.solution.has_value()) return std::move(verdict_);
    const absl::StatusOr<SolveResult> started = Ask(1, &*truth_.solution);
    if (started.ok()) {
      Claims(*started);
    } else {
      Fault("from the best solution: ", started.status().message());
    }
    return std::move(verdict_);
  }

 private:
  template <typename... Parts>
  void Fault(const Parts&... parts) {
    verdict_.faults.push_back(absl::StrCat(parts...));
  }

  absl::StatusOr<SolveResult> Ask(int threads, const Solution* incumbent) const {
    SolveLimits limits = limits_;
    limits.threads = threads;
    return Solve(solver_, name_, SolveInput{problem_, graph_, limits, incumbent, {}});
  }

  void Claims(const SolveResult& result) {
    const int64_t most = limits_.work + WorkAllowance(name_, problem_, limits_.work);
    if (result.work > most) Fault("spends ", result.work, " of ", limits_.work);
    if (result.termination == Termination::kInfeasible && truth_.solution.has_value()) {
      Fault("claims that there is no solution");
    }
    if (!truth_.solution.has_value()) return;
    if (result.lower_bound.value > truth_.score.objective) {
      Fault("claims the bound ", result.lower_bound.name, " of ", result.lower_bound.value,
            " ps, but ", truth_.score.objective, " ps is reached");
    }
    if (result.termination == Termination::kOptimal &&
        result.score.objective != truth_.score.objective) {
      Fault("claims that ", result.score.objective, " ps is optimal, but ", truth_.score.objective,
            " ps is reached");
    }
  }

  void Answer(const SolveResult& result) {
    const Score score = Evaluate(problem_, graph_, *result.best);
    if (!score.feasible) Fault("its answer is infeasible");
    if (score.objective != result.score.objective) Fault("its answer has another value");
    const absl::Status holds =
        Verify(problem_, *result.best, Simulate(problem_, graph_, *result.best), score.objective);
    if (!holds.ok()) Fault("its answer is wrong: ", holds.message());
    if (!truth_.solution.has_value()) {
      Fault("has found a solution where there is none");
    } else if (score.objective < truth_.score.objective) {
      Fault("reaches ", score.objective, " ps, less than brute force");
    }
  }

  // To the last item.
  void Repeated(const SolveResult& first, const SolveResult& again) {
    if (again.best != first.best) Fault("has another answer on two threads");
    if (again.termination != first.termination) Fault("ends otherwise on two threads");
    if (again.work != first.work) Fault("spends otherwise on two threads");
    if (again.solver != first.solver) Fault("names another solver on two threads");
    if (again.lower_bound.value != first.lower_bound.value) {
      Fault("has another bound on two threads");
    }
  }

  const PlacementSolver& solver_;
  const absl::string_view name_;
  const PlacementProblem& problem_;
  const ProblemGraph graph_;
  const Truth& truth_;
  const SolveLimits& limits_;
  Verdict verdict_;
};

}  // namespace

Truth FindTruth(const PlacementProblem& problem, const ProblemGraph& graph) {
  int64_t spent = 0;
  bool complete = true;
  Truth truth;
  truth.solution = BestByEnumeration(problem, graph, std::numeric_limits<Picos>::max(),
                                     std::numeric_limits<int64_t>::max(), spent, complete);
  EXPECT_TRUE(complete);
  if (truth.solution.has_value()) truth.score = Evaluate(problem, graph, *truth.solution);
  return truth;
}

int64_t WorkAllowance(absl::string_view name, const PlacementProblem& problem, int64_t work) {
  const auto items = static_cast<int64_t>(problem.items.size());
  const auto devices = static_cast<int64_t>(problem.devices.size());
  const int64_t first = (40 + devices) * (items + 1);
  const int64_t exact = 16 * std::min<int64_t>(items * items, 64 * 64) * devices;
  if (name == "auto") return work + 4 * first + exact;
  const bool searches = name == "branch-bound" || name == "chain-dp" || name == "modular";
  return work / 8 + first + (searches ? exact : 0);
}

Verdict Examine(const PlacementSolver& solver, absl::string_view name,
                const PlacementProblem& problem, const Truth& truth, const SolveLimits& limits) {
  return Examination(solver, name, problem, truth, limits).Run();
}

}  // namespace allot::testing
