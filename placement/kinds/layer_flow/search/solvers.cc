#include "placement/kinds/layer_flow/search/solvers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "placement/kinds/layer_flow/bounds/flow_bound.h"
#include "placement/kinds/layer_flow/search/exhaustive.h"
#include "placement/kinds/layer_flow/search/flow_search.h"
#include "placement/kinds/layer_flow/search/rules.h"
#include "support/status.h"

namespace allot {
namespace {

struct NoOptions {};

constexpr int64_t kMostPlacements = 100'000'000;
// So few are tried all, at about so much work each.
constexpr int64_t kFewPlacements = 100'000, kWorkOfPlacement = 20;

class LayerFlowSolverBase : public LayerFlowSolver {
 public:
  std::vector<absl::string_view> kinds() const override { return {kLayerFlowKind}; }
};

template <LayerPlacement (*rule)(const LayerFlowProblem&)>
class RuleSolver final : public LayerFlowSolverBase {
 public:
  explicit RuleSolver(NoOptions) {}
  absl::StatusOr<ResultOf<LayerPlacement>> Solve(const LayerFlowProblem& problem,
                                                 const SolveLimits&) const override {
    ResultOf<LayerPlacement> result;
    result.best = rule(problem);
    result.termination = Termination::kFeasible;
    return result;
  }
};

class ExhaustiveSolver final : public LayerFlowSolverBase {
 public:
  explicit ExhaustiveSolver(NoOptions) {}
  absl::StatusOr<ResultOf<LayerPlacement>> Solve(const LayerFlowProblem& problem,
                                                 const SolveLimits& limits) const override {
    const int64_t most = std::min(limits.work, kMostPlacements);
    if (CountPlacements(problem, most) > most) {
      return InputError("exhaustive: there are more than ", most, " placements");
    }
    BestPlacement best = TryAllPlacements(problem);
    ResultOf<LayerPlacement> result;
    result.best = std::move(best.placement);
    result.termination = Termination::kOptimal;
    result.work = best.work;
    return result;
  }
};

class AutoSolver final : public LayerFlowSolverBase {
 public:
  explicit AutoSolver(NoOptions) {}
  absl::StatusOr<ResultOf<LayerPlacement>> Solve(const LayerFlowProblem& problem,
                                                 const SolveLimits& limits) const override {
    const int64_t few = std::min(kFewPlacements, limits.work / kWorkOfPlacement);
    if (CountPlacements(problem, few) <= few) {
      ALLOT_ASSIGN_OR_RETURN(ResultOf<LayerPlacement> result,
                             ExhaustiveSolver(NoOptions()).Solve(problem, limits));
      result.solver = "exhaustive";
      return result;
    }
    const int64_t ceiling = RateCeiling(problem);
    FlowBound bound(problem);
    FlowSearchLimits search;
    search.work = limits.work;
    search.seed = limits.seed;
    search.stop = limits.stop;
    if (limits.progress) {
      search.improved = [&](int64_t rate, int64_t work) {
        limits.progress(ceiling - rate, ceiling - bound.best().rate, work);
      };
    }
    search.is_best = [&](int64_t rate) { return bound.IsBest(rate); };
    FlowSearchResult found = SearchFlow(problem, bound.best().rate, search);
    ResultOf<LayerPlacement> result;
    result.best = std::move(found.placement);
    result.termination =
        found.rate == bound.best().rate ? Termination::kOptimal : Termination::kFeasible;
    result.bound = ceiling - bound.best().rate;
    result.bound_name = bound.best().name;
    result.work = found.work + bound.work();
    result.solver = found.finder;
    return result;
  }
};

}  // namespace

Registry<LayerFlowSolver> LayerFlowSolvers() {
  Registry<LayerFlowSolver> solvers;
  const OptionSchema<NoOptions> none;
  solvers.Add(MakeEntry<LayerFlowSolver, AutoSolver>(
      "auto", "Bounds, rules, stages of servers for higher and higher rates, and intervals.",
      none));
  solvers.Add(MakeEntry<LayerFlowSolver, ExhaustiveSolver>(
      "exhaustive", "Tries all placements, if there are few.", none));
  solvers.Add(MakeEntry<LayerFlowSolver, RuleSolver<PetalsPlacement>>(
      "petals", "Each server takes the interval whose layers pass least so far.", none));
  solvers.Add(MakeEntry<LayerFlowSolver, RuleSolver<SwarmPlacement>>(
      "swarm", "Equal stages, and each server joins the one that passes least so far.", none));
  return solvers;
}

}  // namespace allot
