// Contiguous throughput along one topological order: what is left of the search over downsets if
// the graph is taken for a line. Exact for that order, no bound.
#include <algorithm>
#include <utility>
#include <vector>

#include "placement/contiguous/contiguous_optimum.h"
#include "placement/contiguous/linear_chain.h"
#include "placement/problem/allowed_times.h"
#include "placement/solver.h"
#include "support/status.h"

namespace allot {
namespace {

struct LinearDpOptions {
  int64_t patience = 0;
};

OptionSchema<LinearDpOptions> Schema() {
  return OptionSchema<LinearDpOptions>().Add(
      "patience", &LinearDpOptions::patience,
      "Go on with orders that keep the stages found so far until this many bring nothing; 0 looks "
      "at one order");
}

class LinearDp : public PlacementSolver {
 public:
  explicit LinearDp(LinearDpOptions options) : options_(options) {}

  ProblemFeatures features() const override { return {.staged = true, .contiguous = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    if (!input.problem.contiguous) {
      return absl::UnimplementedError("only contiguous placements are stretches of an order");
    }
    ALLOT_ASSIGN_OR_RETURN(const StageProblem stages,
                           BuildStageProblem(input.problem, input.facts->device_classes()));
    const StageIndex index(stages);
    SolveResult result;
    std::optional<StageChain> chain;
    if (options_.patience <= 0) {
      std::vector<int32_t> order;
      for (int32_t b = 0; b < index.num_blocks(); ++b) order.push_back(b);
      const int32_t stride = StrideWithin(input.limits.work, index.num_blocks());
      chain = BestChainAlong(index, order, stride, kNever, result.work);
    } else {
      const auto patience = static_cast<int>(std::min<int64_t>(options_.patience, 1 << 20));
      chain =
          SearchChains(index, kNever, input.limits.seed, patience, input.limits.work, result.work);
    }
    if (!chain.has_value()) return result;
    Solution solution = ToSolution(stages, *chain, input.graph);
    if (!Evaluate(*input.facts, solution).feasible) return result;
    result.best = std::move(solution);
    result.termination = Termination::kFeasible;
    return result;
  }

 private:
  const LinearDpOptions options_;
};

}  // namespace

Entry<PlacementSolver> LinearDpEntry() {
  return MakeEntry<PlacementSolver, LinearDp>(
      "linear-dp", "Cuts one topological order into the best contiguous pipeline.", Schema());
}

}  // namespace allot
