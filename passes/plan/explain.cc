// Says why the plan is as it is: for every cluster why it is on its device and which would be next,
// and for every tensor that crosses between parts what forces it to.
#include <algorithm>
#include <optional>
#include <utility>

#include "passes/explaining/cut_causes.h"
#include "passes/explaining/device_reasons.h"
#include "passes/explaining/moves.h"
#include "passes/nodes/device_constraints.h"
#include "passes/pipeline/pass.h"
#include "passes/problem/cluster_problem.h"
#include "passes/problem/requirements.h"
#include "support/status.h"

namespace allot {
namespace {

struct ExplainOptions {
  int64_t work = 8'000'000;
};

class Explain final : public PlanPass {
 public:
  explicit Explain(ExplainOptions options) : options_(options) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kReasons; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    if (options_.work < 0) return InputError("work=", options_.work, " is negative");
    ALLOT_ASSIGN_OR_RETURN(const auto clusters, Analysis<ClusterProblem>(module, plan, context));
    const BuiltProblem& built = *clusters;
    ALLOT_RETURN_IF_ERROR(RequireStage(module, plan, context, ir::PlanStage::kPlacement));
    ALLOT_ASSIGN_OR_RETURN(const auto constraints,
                           Analysis<PlanConstraints>(module, plan, context));
    const bool has_parts = RequireStage(module, plan, context, ir::PlanStage::kParts).ok();
    plan.reasons.clear();
    plan.alternatives.clear();
    plan.cuts.clear();
    if (built.problem.items.empty()) return absl::OkStatus();

    std::optional<Moves> moves;
    // A move within one lane says nothing of what the lanes are worth together.
    if (const int64_t effort = Effort(built.problem, context); effort > 0 && plan.lanes.empty()) {
      moves.emplace(built.problem, built.graph, PlannedSolution(plan),
                    has_parts ? PlannedParts(plan) : Partition(), effort);
    }
    Moves* const tried = moves.has_value() ? &*moves : nullptr;
    if (has_parts) {
      plan.cuts = FindCuts({plan, *context.target, built, *constraints, tried});
    }
    DeviceReasons reasons(module, plan, *context.target, built, *constraints, tried);
    for (const ItemId item : built.problem.items.ids()) {
      DeviceReason reason = reasons.Of(item);
      plan.reasons.Add(std::move(reason.text));
      plan.alternatives.Add(std::move(reason.next));
    }
    context.statistics->Add("cuts", static_cast<int64_t>(plan.cuts.size()));
    return absl::OkStatus();
  }

 private:
  // Evaluations for each of the moves that may be asked for: every cluster to every other device,
  // and both ends of every cut; 0 if they are too many. A few go to parts that are there.
  int64_t Effort(const PlacementProblem& problem, const PassContext& context) const {
    constexpr int64_t kLater = 16;  // once time is up, so much less
    const bool late = context.stop && context.stop();
    constexpr int64_t kFixed = 5, kMost = 40;
    const auto devices = static_cast<int64_t>(problem.devices.size());
    const auto moves =
        static_cast<int64_t>(problem.items.size()) * std::max<int64_t>(devices - 1, 1) +
        2 * static_cast<int64_t>(problem.flows.size());
    const auto evaluation = static_cast<int64_t>(problem.items.size() + problem.flows.size());
    return std::clamp<int64_t>(options_.work / (late ? kLater : 1) / (moves * evaluation) - kFixed,
                               0, kMost);
  }

  ExplainOptions options_;
};

}  // namespace

Entry<PlanPass> ExplainEntry() {
  return MakeEntry<PlanPass, Explain>(
      "explain", "say why every cluster is on its device, and why tensors cross between parts",
      OptionSchema<ExplainOptions>().Add(
          "work", &ExplainOptions::work,
          "effort spent on alternatives, about one visit of a cluster each"));
}

}  // namespace allot
