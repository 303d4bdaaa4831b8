// Exact for contiguous throughput: see placement/contiguous/contiguous_optimum.h.
#include <limits>
#include <utility>

#include "placement/contiguous/contiguous_optimum.h"
#include "placement/search/progress.h"
#include "placement/solver.h"
#include "support/status.h"

namespace allot {
namespace {

struct NoOptions {};

bool HasTensors(const PlacementProblem& problem) {
  for (const PlacementProblem::Flow& flow : problem.flows) {
    if (flow.bytes > 0) return true;
  }
  for (const PlacementProblem::Item& item : problem.items) {
    if (item.workspace > 0) return true;
  }
  return false;
}

class DownsetDp : public PlacementSolver {
 public:
  explicit DownsetDp(NoOptions) {}

  ProblemFeatures features() const override { return {.staged = true, .contiguous = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    const PlacementProblem& problem = input.problem;
    if (!problem.contiguous) {
      return absl::UnimplementedError("only contiguous placements are chains of downsets");
    }
    SolveResult result;
    Score given;
    if (input.incumbent != nullptr) given = Evaluate(*input.facts, *input.incumbent);
    if (given.feasible) result.best = *input.incumbent;
    // Something as good as the incumbent is not worth a search.
    const Picos upper = given.feasible ? given.objective : std::numeric_limits<Picos>::max();
    // A value counts once the peaks of tensors are known to fit.
    const bool tensors = HasTensors(problem);
    Progress progress(input.limits.progress);
    const ProgressHook report = [&](Picos value, Picos bound, int64_t work) {
      const bool counts = value >= 0 && !tensors;
      progress.Report(counts ? value : given.feasible ? given.objective : -1, bound, work);
    };
    ALLOT_ASSIGN_OR_RETURN(ContiguousResult optimum,
                           ContiguousOptimum(*input.facts, input.limits.work, upper, report));
    result.work = optimum.work;
    result.lower_bound = {optimum.lower, "downset-dp"};
    if (optimum.solution.has_value()) {
      // The search knows nothing of the peaks of live tensors.
      const Score score = Evaluate(*input.facts, *optimum.solution);
      if (score.feasible && (!given.feasible || Better(score, given))) {
        result.best = std::move(optimum.solution);
        given = score;
      }
    } else if (optimum.complete && !given.feasible) {
      result.lower_bound = LowerBound();
      result.termination = Termination::kInfeasible;
      return result;
    }
    progress.Report(given.feasible ? given.objective : -1, optimum.lower, optimum.work);
    if (!result.best.has_value()) return result;
    result.termination =
        given.objective == optimum.lower ? Termination::kOptimal : Termination::kFeasible;
    return result;
  }
};

}  // namespace

Entry<PlacementSolver> DownsetDpEntry() {
  return MakeEntry<PlacementSolver, DownsetDp>(
      "downset-dp", "Finds the best contiguous pipeline, with proof: searches chains of downsets.",
      OptionSchema<NoOptions>());
}

}  // namespace allot
