// Puts whole copies of the model on the devices, which take turns: the baseline of every search for
// throughput. Needs no search, since the best shares of given copies are known.
#include <utility>

#include "absl/strings/str_cat.h"

#include "passes/pipeline/pass.h"
#include "passes/problem/cluster_problem.h"
#include "passes/problem/requirements.h"
#include "placement/lanes/lanes.h"
#include "support/status.h"

namespace allot {
namespace {

struct PlaceCopiesOptions {};

class PlaceCopies final : public PlanPass {
 public:
  explicit PlaceCopies(PlaceCopiesOptions) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kPlacement; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    if (context.objective != ir::Objective::kThroughput) {
      return InputError("copies take turns in a stream: the objective must be throughput");
    }
    ALLOT_ASSIGN_OR_RETURN(const auto clusters, Analysis<ClusterProblem>(module, plan, context));
    const BuiltProblem& built = *clusters;
    plan.summary.emplace();
    plan.summary->objective = context.objective;
    plan.summary->devices.resize(context.target->devices.size());
    plan.summary->solver = "copies";
    if (built.problem.items.empty()) {
      StoreSolution(PartedSolution(), plan);
      return absl::OkStatus();
    }
    for (const DeviceId device : built.problem.devices.ids()) {
      const Score alone = CopyOn(built.problem, built.graph, device).score;
      ir::Baseline& baseline = plan.summary->baselines.emplace_back();
      baseline.name = absl::StrCat("single:", built.problem.devices[device].name);
      if (alone.feasible) baseline.value = alone.objective;
    }
    const Lanes copies = CopiesOf(built.problem, built.graph);
    if (copies.lanes.empty()) {
      return InputError("no device of target '", context.target->name,
                        "' can run and hold the whole model");
    }
    StoreLanes(copies, plan);
    const LanesScore score = CombineScores(built.problem, copies);
    plan.summary->value = score.period;
    plan.summary->latency = copies.lanes.size() > 1 ? score.slowest : 0;
    context.statistics->Add("copies", static_cast<int64_t>(copies.lanes.size()));
    context.statistics->Add("cycle", copies.cycle());
    return absl::OkStatus();
  }
};

}  // namespace

Entry<PlanPass> PlaceCopiesEntry() {
  return MakeEntry<PlanPass, PlaceCopies>(
      "place-copies", "put a copy of the whole model on every device that can hold it, in turns",
      OptionSchema<PlaceCopiesOptions>());
}

}  // namespace allot
