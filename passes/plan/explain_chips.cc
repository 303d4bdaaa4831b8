// Says of every cluster on a module of chips why it is on its chip: which rule keeps it from the
// neighbours of the chip, or what the stream would lose there.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "passes/pipeline/pass.h"
#include "passes/problem/chip_module.h"
#include "passes/problem/cluster_problem.h"
#include "passes/problem/requirements.h"
#include "placement/kinds/chips/model/compiled.h"
#include "placement/kinds/chips/model/evaluate.h"
#include "placement/kinds/chips/model/verify.h"
#include "support/status.h"

namespace allot {
namespace {

struct ExplainChipsOptions {
  int64_t most = 1'500;
};

class Reasons {
 public:
  Reasons(const ChipsOfPlan& chips, chips::Assignment assignment, const Target& target)
      : chips_(chips),
        unlimited_(chips.problem),
        compiled_(chips.problem),
        assignment_(std::move(assignment)),
        target_(target) {
    unlimited_.memory.reset();
    value_ = chips::Bottleneck(compiled_, compiled_.Reduce(assignment_));
    for (const int32_t chip : assignment_) last_ = std::max(last_, chip);
  }

  std::string Of(int32_t v, bool tries, std::optional<ir::Alternative>& next) {
    const int32_t chip = assignment_[static_cast<size_t>(v)];
    std::string text =
        absl::StrCat("stage ", chip + 1, " of ", last_ + 1, " of the pipeline of chips");
    if (chips_.problem.nodes[static_cast<size_t>(v)].copied) {
      return absl::StrCat(text, ", where its only reader is");
    }
    if (!tries) return text;
    for (const int32_t other : {chip - 1, chip + 1}) {
      if (other < 0 || other >= chips_.problem.chips) continue;
      assignment_[static_cast<size_t>(v)] = other;
      absl::StrAppend(&text, "; on ", Name(other), " ", Elsewhere(other, next));
      assignment_[static_cast<size_t>(v)] = chip;
    }
    return text;
  }

 private:
  const std::string& Name(int32_t chip) const {
    return target_.devices[DeviceId(static_cast<size_t>(chip))].name;
  }

  std::string Elsewhere(int32_t chip, std::optional<ir::Alternative>& next) const {
    const absl::StatusOr<Picos> value = chips::Verify(unlimited_, assignment_);
    if (!value.ok()) {
      return absl::StrCat("it would break the rule ", value.status().message());
    }
    if (!chips::FitsMemory(compiled_, compiled_.Reduce(assignment_))) {
      return "the memory would not hold it";
    }
    if (!next.has_value() || *value < next->value) {
      next = ir::Alternative{DeviceId(static_cast<size_t>(chip)), *value};
    }
    return *value > value_ ? absl::StrCat("the stream would take ", TimeText(*value),
                                          " for an inference, not ", TimeText(value_))
                           : "it would do as well";
  }

  const ChipsOfPlan& chips_;
  chips::Problem unlimited_;
  const chips::Compiled compiled_;
  chips::Assignment assignment_;
  const Target& target_;
  Picos value_ = 0;
  int32_t last_ = 0;
};

class ExplainChips final : public PlanPass {
 public:
  explicit ExplainChips(ExplainChipsOptions options) : options_(options) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kReasons; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    if (options_.most < 0) return InputError("most=", options_.most, " is negative");
    ALLOT_ASSIGN_OR_RETURN(const auto clusters, Analysis<ClusterProblem>(module, plan, context));
    ALLOT_RETURN_IF_ERROR(RequireStage(module, plan, context, ir::PlanStage::kPlacement));
    plan.reasons.clear();
    plan.alternatives.clear();
    if (clusters->problem.items.empty()) return absl::OkStatus();
    ALLOT_ASSIGN_OR_RETURN(const ChipsOfPlan chips, MakeChipsOfPlan(*clusters, *context.target));
    const Solution solution = PlannedSolution(plan);
    chips::Assignment assignment(chips.problem.nodes.size());
    for (const ItemId item : clusters->problem.items.ids()) {
      assignment[static_cast<size_t>(chips.number[item])] = solution.device_of[item].index();
    }
    ALLOT_RETURN_IF_ERROR(chips::Verify(chips.problem, assignment).status());
    Reasons reasons(chips, std::move(assignment), *context.target);
    const bool tries = static_cast<int64_t>(chips.problem.nodes.size()) <= options_.most;
    for (const ItemId item : clusters->problem.items.ids()) {
      std::optional<ir::Alternative> next;
      plan.reasons.Add(reasons.Of(chips.number[item], tries, next));
      plan.alternatives.Add(next);
    }
    for (ir::Cut& cut : plan.cuts) {
      cut.why =
          absl::StrCat("the chips are a pipeline: stage ", plan.parts[cut.from].device.index() + 1,
                       " hands it on to stage ", plan.parts[cut.to.front()].device.index() + 1);
    }
    return absl::OkStatus();
  }

 private:
  ExplainChipsOptions options_;
};

}  // namespace

Entry<PlanPass> ExplainChipsEntry() {
  return MakeEntry<PlanPass, ExplainChips>(
      "explain-chips", "say which rule, or what loss, keeps every cluster on its chip",
      OptionSchema<ExplainChipsOptions>().Add(
          "most", &ExplainChipsOptions::most,
          "clusters of a plan whose neighbouring chips are tried; else only the chips are named"));
}

}  // namespace allot
