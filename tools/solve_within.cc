#include "tools/solve_within.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "placement/claims.h"
#include "support/status.h"

namespace allot {
namespace {

// The first search should take a moment only: it tells how fast the next ones are.
constexpr int64_t kFirstWork = 200'000;
// Each search may take this many times the one before; all before it then waste a seventh.
constexpr double kGrowth = 8;
// Far more than any time allows; limits of work stay small enough to be multiplied.
constexpr double kMostWork = 1e13;
// Of the time that seems to be left: estimates are rough.
constexpr double kCaution = 0.9;

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// What all searches together have found.
struct Standing {
  SolveResult result;

  void Take(SolveResult other) {
    result.work += other.work;
    if (other.lower_bound.value > result.lower_bound.value) {
      result.lower_bound = std::move(other.lower_bound);
    }
    if (other.termination == Termination::kInfeasible) result.termination = other.termination;
    if (result.solver.empty()) result.solver = other.solver;
    if (other.best.has_value() && (!result.best.has_value() || Better(other.score, result.score))) {
      result.best = std::move(other.best);
      result.score = std::move(other.score);
      result.solver = std::move(other.solver);
    }
    if (!result.best.has_value()) return;
    result.termination = result.lower_bound.value >= result.score.objective
                             ? Termination::kOptimal
                             : Termination::kFeasible;
  }
  bool Done() const {
    return result.termination == Termination::kOptimal ||
           result.termination == Termination::kInfeasible;
  }
};

}  // namespace

absl::StatusOr<SolveResult> SolveWithin(const PlacementSolver& solver, absl::string_view name,
                                        const SolveInput& input, double seconds) {
  const auto start = std::chrono::steady_clock::now();
  const ProblemFacts facts(input.problem, input.graph);
  Standing standing;
  Claims claims;
  Picos told_value = -1, told_bound = 0;
  SolveLimits limits = input.limits;
  if (input.limits.progress != nullptr) {
    limits.progress = [&](Picos value, Picos bound, int64_t work) {
      const bool better = value >= 0 && (told_value < 0 || value < told_value);
      if (!better && bound <= told_bound) return;
      if (better) told_value = value;
      told_bound = std::max(told_bound, bound);
      input.limits.progress(told_value, told_bound, standing.result.work + work);
    };
  }
  int64_t left = input.limits.work;
  limits.work = std::min(left, kFirstWork);
  for (int64_t spent_before = -1;;) {
    const double began = SecondsSince(start);
    const SolveInput next{
        input.problem,
        input.graph,
        limits,
        standing.result.best.has_value() ? &*standing.result.best : input.incumbent,
        input.module_of,
        /*known_bound=*/0,
        &facts};
    absl::StatusOr<SolveResult> result = Solve(solver, name, next);
    if (!result.ok()) return result.status();
    ALLOT_RETURN_IF_ERROR(claims.Add(name, *result));
    const int64_t spent = result->work;
    standing.Take(*std::move(result));
    if (limits.progress != nullptr) {
      const SolveResult& best = standing.result;
      limits.progress(best.best.has_value() ? best.score.objective : -1, best.lower_bound.value, 0);
    }
    left -= limits.work;
    const double now = SecondsSince(start);
    // With more to spend it has spent the same: it ends by itself.
    if (standing.Done() || left <= 0 || spent == spent_before) break;
    spent_before = spent;
    const double rate = static_cast<double>(limits.work) / std::max(now - began, 1e-4);
    const double work =
        std::min({kGrowth * static_cast<double>(limits.work), kCaution * rate * (seconds - now),
                  static_cast<double>(left), kMostWork});
    // What is left is too short to find anything new.
    if (work < 1 || seconds - now < seconds / 20) break;
    limits.work = static_cast<int64_t>(work);
    ++limits.seed;
  }
  return std::move(standing.result);
}

}  // namespace allot
