// Joins clusters of one device that can run as one call into parts: what becomes one ONNX file.
#include <utility>

#include "passes/pipeline/pass.h"
#include "passes/problem/cluster_problem.h"
#include "passes/problem/requirements.h"
#include "placement/parts/parts.h"
#include "support/status.h"

namespace allot {
namespace {

struct FormPartsOptions {
  int64_t effort = 0;
};

class FormPartsPass final : public PlanPass {
 public:
  explicit FormPartsPass(FormPartsOptions options) : options_(options) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kPlacement; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    if (options_.effort < 0) return InputError("effort=", options_.effort, " is negative");
    ALLOT_ASSIGN_OR_RETURN(const auto clusters, Analysis<ClusterProblem>(module, plan, context));
    const BuiltProblem& built = *clusters;
    ALLOT_RETURN_IF_ERROR(RequireStage(module, plan, context, ir::PlanStage::kPlacement));
    // Lanes come with the parts that they were chosen by.
    if (!plan.lanes.empty()) return RequireStage(module, plan, context, ir::PlanStage::kParts);
    const PlacementProblem& problem = built.problem;
    if (problem.items.empty()) {
      StoreSolution(PartedSolution(), plan);
      return absl::OkStatus();
    }
    const Solution solution = PlannedSolution(plan);
    const int64_t effort =
        options_.effort > 0 ? options_.effort : EffortFor(problem, 4'000'000, 20, 4000);
    PartedSolution best = FormParts(problem, built.graph, solution, effort);
    if (RequireStage(module, plan, context, ir::PlanStage::kParts).ok()) {
      // The search may have found better parts along with the placement, or chosen fewer of them.
      PartedSolution known{solution, PlannedParts(plan), {}};
      known.score = EvaluateParts(problem, known.items, known.parts);
      const bool worse = Better(best.score, known.score);
      if (!worse || (known.score.feasible && known.parts.num_parts < best.parts.num_parts)) {
        best = std::move(known);
      }
    }
    if (!best.score.feasible) return MisplacedError();
    StoreSolution(best, plan);
    context.statistics->Add("parts", static_cast<int64_t>(plan.parts.size()));
    return absl::OkStatus();
  }

 private:
  FormPartsOptions options_;
};

}  // namespace

Entry<PlanPass> FormPartsEntry() {
  return MakeEntry<PlanPass, FormPartsPass>(
      "form-parts", "join clusters of one device into the parts that become ONNX files",
      OptionSchema<FormPartsOptions>().Add("effort", &FormPartsOptions::effort,
                                           "evaluations spent on merging parts; 0: by size"));
}

}  // namespace allot
