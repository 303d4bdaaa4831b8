// Measures every operator and tensor: how much arithmetic, how many bytes. Dimensions that the
// model leaves open get a size for this purpose alone; nothing of it is written to any file.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "operators/features/training_roles.h"
#include "passes/nodes/operator_work.h"
#include "passes/nodes/scenario_works.h"
#include "passes/pipeline/analyses.h"
#include "passes/pipeline/pass.h"
#include "support/status.h"

namespace allot {
namespace {

struct EstimateCostOptions {};

// More symbols than this are only counted in the note.
constexpr size_t kNamedSymbols = 8;

void NoteDefaults(const OperatorWork& work, const PassContext& context) {
  std::vector<std::string> assumed;
  for (const std::string& symbol : work.defaulted_symbols) {
    if (assumed.size() == kNamedSymbols) {
      assumed.push_back(absl::StrCat(work.defaulted_symbols.size() - kNamedSymbols, " more"));
      break;
    }
    assumed.push_back(absl::StrCat(symbol, "=", context.dims.fallback));
  }
  if (work.unknown_dims > 0) {
    assumed.push_back(absl::StrCat(context.dims.fallback, " for ", work.unknown_dims,
                                   " sizes that only a run tells"));
  }
  if (!assumed.empty()) {
    context.diagnostics->Note(
        "", absl::StrCat("costs assume ", absl::StrJoin(assumed, ", "),
                         work.defaulted_symbols.empty() ? "" : "; set sizes with --dim"));
  }
  if (!work.misfit.empty()) {
    context.diagnostics->Warning(
        "", absl::StrCat("the model cannot run with the sizes that costs assume: ", work.misfit,
                         "; costs behind that are guesses, set sizes with --dim"));
  }
}

// A size of 0 is fine where it is that of an empty cache, and not where nothing is left to compute.
absl::Status CheckSizes(const ir::Graph& graph, const OperatorWork& work, const DimBindings& dims) {
  const auto empty = std::find_if(dims.symbols.begin(), dims.symbols.end(),
                                  [](const auto& symbol) { return symbol.second == 0; });
  const bool computes =
      std::any_of(graph.outputs().begin(), graph.outputs().end(),
                  [&](ir::ValueId output) { return work.value_bytes[output] > 0; });
  if (empty == dims.symbols.end() || computes) return absl::OkStatus();
  return InputError("--dim=", empty->first,
                    "=0: all outputs of the model are empty then; give a size of 1 or more");
}

class EstimateCost final : public PlanPass {
 public:
  explicit EstimateCost(EstimateCostOptions) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kCosts; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    ALLOT_ASSIGN_OR_RETURN(OperatorWork work, Work(module, context));
    ALLOT_RETURN_IF_ERROR(CheckAllSizes(module, work, context));
    plan.features = std::move(work.features);
    plan.value_bytes = std::move(work.value_bytes);
    NoteDefaults(work, context);
    NoteRoles(module.graph, context);

    int64_t flops = 0;
    for (const OpFeatures& features : plan.features) flops = SaturatingAdd(flops, features.flops);
    context.statistics->Add("flops", flops);
    context.statistics->Add("symbols-defaulted",
                            static_cast<int64_t>(work.defaulted_symbols.size()));
    context.statistics->Add("sizes-unknown", work.unknown_dims);
    return absl::OkStatus();
  }

 private:
  static void NoteRoles(const ir::Graph& graph, const PassContext& context) {
    const TrainingRoles roles = FindTrainingRoles(graph);
    if (!roles.trains()) return;
    context.diagnostics->Note(
        "", absl::StrCat("a training graph: ", roles.forward, " nodes forward, ", roles.backward,
                         " backward, ", roles.optimizer,
                         " of an optimizer; an operator's passes stay on one device"));
  }

  static absl::Status CheckAllSizes(const ir::Module& module, const OperatorWork& work,
                                    const PassContext& context) {
    if (context.scenarios.empty()) return CheckSizes(module.graph, work, context.dims);
    ALLOT_ASSIGN_OR_RETURN(const auto works, Analysis<ScenarioWorks>(module, context));
    for (size_t s = 0; s < works->size(); ++s) {
      const Scenario& scenario = context.scenarios[s];
      ALLOT_RETURN_IF_ERROR(CheckSizes(module.graph, (*works)[s].work, scenario.dims), "scenario '",
                            scenario.name, "': ");
    }
    return absl::OkStatus();
  }

  // What somebody has asked for before; else it is not kept apart, since the plan has it then.
  static absl::StatusOr<OperatorWork> Work(const ir::Module& module, const PassContext& context) {
    if (!context.scenarios.empty()) {
      ALLOT_ASSIGN_OR_RETURN(const auto works, Analysis<ScenarioWorks>(module, context));
      return LargestWork(*works);
    }
    if (context.analyses != nullptr) {
      if (const auto known = context.analyses->Find<GraphWork>()) return *known;
    }
    return GraphWork::Make(module, context);
  }
};

}  // namespace

Entry<PlanPass> EstimateCostEntry() {
  return MakeEntry<PlanPass, EstimateCost>(
      "estimate-cost", "count the arithmetic and the bytes of every operator and tensor",
      OptionSchema<EstimateCostOptions>());
}

}  // namespace allot
