// Says of every cluster which stage trains it, and of every cut what goes over it each way.
#include <string>

#include "absl/strings/str_cat.h"

#include "passes/pipeline/pass.h"
#include "passes/problem/cluster_problem.h"
#include "passes/problem/memory_needs.h"
#include "passes/problem/requirements.h"
#include "support/status.h"

namespace allot {
namespace {

struct ExplainTrainingOptions {};

class ExplainTraining final : public PlanPass {
 public:
  explicit ExplainTraining(ExplainTrainingOptions) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kReasons; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    ALLOT_RETURN_IF_ERROR(RequireStage(module, plan, context, ir::PlanStage::kParts));
    if (!plan.training.has_value()) {
      return InputError("explain-training needs a plan that trains: run place-training before it");
    }
    const ir::Training& training = *plan.training;
    if (training.stages.size() != plan.parts.size()) {
      return InputError("the plan's stages are not its parts: run place-training again");
    }
    plan.reasons = IdVector<ir::ClusterId, std::string>(plan.num_clusters());
    plan.alternatives.clear();
    for (const ir::ClusterId cluster : plan.part_of.ids()) {
      plan.reasons[cluster] =
          Reason(training, static_cast<size_t>(plan.part_of[cluster].index()), *context.target);
    }
    for (ir::Cut& cut : plan.cuts) {
      cut.why =
          absl::StrCat("stage ", cut.from.index() + 1, " hands it on to stage ",
                       cut.to.front().index() + 1, "; its gradient, if it has one, comes back");
    }
    return absl::OkStatus();
  }

 private:
  static std::string Reason(const ir::Training& training, size_t stage, const Target& target) {
    const ir::TrainingStage& of = training.stages[stage];
    const bool slowest = of.forward + of.backward >= training.period;
    return absl::StrCat(
        "stage ", stage + 1, " of ", training.stages.size(),
        ", forward and backward: ", TimeText(of.forward), " and ", TimeText(of.backward),
        " for a microbatch", slowest ? ", the longest of all" : "", "; it needs ",
        MemoryText(of.Memory()), " of ", MemoryText(target.devices[of.device].memory),
        of.recomputes ? ", running forward again before backward" : "");
  }
};

}  // namespace

Entry<PlanPass> ExplainTrainingEntry() {
  return MakeEntry<PlanPass, ExplainTraining>(
      "explain-training", "say which stage trains every cluster, and what that takes",
      OptionSchema<ExplainTrainingOptions>());
}

}  // namespace allot
