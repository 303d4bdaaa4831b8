// Exact for contiguous throughput: see placement/downsets/contiguous_optimum.h.
#include <limits>
#include <utility>

#include "placement/downsets/contiguous_optimum.h"
#include "placement/solver.h"
#include "support/status.h"

namespace allot {
namespace {

struct NoOptions {};

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
    if (input.incumbent != nullptr) given = Evaluate(problem, input.graph, *input.incumbent);
    if (given.feasible) result.best = *input.incumbent;
    // Something as good as the incumbent is not worth a search.
    const Picos upper = given.feasible ? given.objective : std::numeric_limits<Picos>::max();
    ALLOT_ASSIGN_OR_RETURN(ContiguousResult optimum,
                           ContiguousOptimum(problem, input.graph, input.limits.work, upper));
    result.work = optimum.work;
    result.lower_bound = {optimum.lower, "downset-dp"};
    if (optimum.solution.has_value()) {
      // The search knows nothing of the peaks of live tensors.
      const Score score = Evaluate(problem, input.graph, *optimum.solution);
      if (score.feasible && (!given.feasible || Better(score, given))) {
        result.best = std::move(optimum.solution);
        given = score;
      }
    } else if (optimum.complete && !given.feasible) {
      result.lower_bound = LowerBound();
      result.termination = Termination::kInfeasible;
      return result;
    }
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
