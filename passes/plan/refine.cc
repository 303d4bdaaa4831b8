// Improves a placement on the objective that counts: parts, with their launches and waits. The
// solvers of `place` only see a stand-in for those. Small problems are solved exactly; larger ones
// are searched from the placement at hand, so the result is never worse.
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "passes/cluster_problem.h"
#include "passes/pass.h"
#include "passes/requirements.h"
#include "placement/exact_parts.h"
#include "placement/parts.h"
#include "placement/refine_parts.h"
#include "support/status.h"

namespace allot {
namespace {

struct RefineOptions {
  int64_t work = 0;
  bool exact = true;
};

class RefinePass final : public PlanPass {
 public:
  explicit RefinePass(RefineOptions options) : options_(options) {}

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    if (options_.work < 0) return InputError("work=", options_.work, " is negative");
    ALLOT_ASSIGN_OR_RETURN(const BuiltProblem built, BuildClusterProblem(module, plan, context));
    ALLOT_RETURN_IF_ERROR(RequireStage(module.graph, plan, PlanStage::kPlacement));
    const PlacementProblem& problem = built.problem;
    if (problem.items.empty()) return absl::OkStatus();
    const ProblemGraph graph = BuildGraph(problem);
    const PartedSolution before = Current(problem, graph, plan);
    if (!before.score.feasible) {
      return InputError(
          "the placement exceeds the memory of a device or needs a route that is "
          "missing; run place again");
    }
    const auto [refined, how] = Improve(problem, graph, before, context);
    const bool better = Better(refined.score, before.score);
    StoreSolution(better ? refined : before, plan);
    context.statistics->Add("improved", better ? 1 : 0);
    context.statistics->Add("proved", std::string(how) == "exact" ? 1 : 0);
    context.statistics->Add("parts", static_cast<int64_t>(plan.parts.size()));
    if (!better) return absl::OkStatus();
    if (!plan.summary.has_value()) plan.summary.emplace();
    plan.summary->value = refined.score.objective;
    absl::StrAppend(&plan.summary->solver, plan.summary->solver.empty() ? "" : "+", how);
    return absl::OkStatus();
  }

 private:
  static PartedSolution Current(const PlacementProblem& problem, const ProblemGraph& graph,
                                const ir::Plan& plan) {
    const Solution solution = PlannedSolution(plan);
    if (plan.part_of.size() != problem.items.size()) {
      return FormParts(problem, graph, solution, EffortFor(problem, 4'000'000, 20, 4000));
    }
    PartedSolution current{solution, PlannedParts(plan), {}};
    current.score = EvaluateParts(problem, current.items, current.parts);
    return current;
  }

  std::pair<PartedSolution, const char*> Improve(const PlacementProblem& problem,
                                                 const ProblemGraph& graph,
                                                 const PartedSolution& before,
                                                 const PassContext& context) const {
    const int64_t work = options_.work > 0 ? options_.work : 4'000'000;
    if (options_.exact && problem.items.size() <= kMaxExactPartItems) {
      std::optional<PartedSolution> best = ExactParts(problem, graph, &before, work);
      if (best.has_value()) return {*std::move(best), "exact"};
    }
    return {RefineParts(problem, graph, before, work, context.seed), "refine"};
  }

  RefineOptions options_;
};

}  // namespace

Entry<PlanPass> RefineEntry() {
  return MakeEntry<PlanPass, RefinePass>(
      "refine", "improve the placement at the level of parts",
      OptionSchema<RefineOptions>()
          .Add("work", &RefineOptions::work,
               "effort of the search, about one cluster evaluation each; 0: by size")
          .Add("exact", &RefineOptions::exact, "solve small problems to proven optimality"));
}

}  // namespace allot
