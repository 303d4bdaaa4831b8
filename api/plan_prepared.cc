#include "api/plan_prepared.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "api/unmatched.h"
#include "passes/problem/scenario_times.h"
#include "support/status.h"

namespace allot {
namespace {

// The passes that made the module, then those that placed it.
std::string AllPasses(const PreparedModel& model, const Pipeline& pipeline) {
  if (pipeline.num_graph_passes() > 0) return PrintPipeline(pipeline);
  const std::string none = PrintPipeline(Pipeline());
  if (model.passes() == none) return PrintPipeline(pipeline);
  const absl::string_view end = absl::string_view(none).substr(none.find(')'));
  const absl::string_view begin = absl::string_view(none).substr(0, none.find(')'));
  const std::string planned = PrintPipeline(pipeline);
  return absl::StrCat(absl::StripSuffix(model.passes(), end), ",",
                      absl::StripPrefix(planned, begin));
}

}  // namespace

absl::StatusOr<Compilation> PlanPrepared(const PreparedModel& model, const Pipeline& pipeline,
                                         const CompileOptions& options, PlacementSetup& setup,
                                         PassContext& context, const RunOptions& run) {
  Compilation result;
  result.pipeline = AllPasses(model, pipeline);
  ALLOT_RETURN_IF_ERROR(RunPlanPasses(pipeline, model.module(), result.plan, context, run),
                        model.shown(), ": ");
  ALLOT_RETURN_IF_ERROR(
      ReportUnmatched(options, setup, model.module(), result.plan, context, *context.diagnostics));
  if (!setup.scenarios.empty() && result.plan.summary.has_value()) {
    ALLOT_ASSIGN_OR_RETURN(const std::vector<Picos> times,
                           ScenarioTimes(model.module(), result.plan, context));
    for (size_t s = 0; s < times.size(); ++s) {
      const Scenario& scenario = setup.scenarios[s];
      setup.made_from.scenarios.push_back(
          {scenario.name, options.scenarios[s], scenario.weight, times[s]});
    }
  }
  result.target = std::move(setup.target);
  result.module = model.shared_module();
  result.made_from = std::move(setup.made_from);
  result.model_path = model.path();
  result.dims = std::move(setup.dims);
  result.emitters = options.AllRegistries().emitters;
  return result;
}

}  // namespace allot
