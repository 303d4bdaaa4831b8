#include "api/chip_problem.h"

#include <utility>

#include "absl/strings/str_join.h"

#include "api/placement_setup.h"
#include "api/read_model.h"
#include "passes/pipeline/analyses.h"
#include "passes/pipeline/pipeline.h"
#include "passes/pipeline/place_module.h"
#include "passes/problem/cluster_problem.h"
#include "support/status.h"

namespace allot {

absl::StatusOr<chips::Problem> ChipProblemOf(const std::string& model_path,
                                             const CompileOptions& options,
                                             Diagnostics& diagnostics) {
  ALLOT_ASSIGN_OR_RETURN(PlacementSetup setup, MakePlacementSetup(options));
  if (!IsChipModule(setup.target)) {
    return InputError("--target=", options.target, ": is no module of chips, such as mcm-36");
  }
  PlaceModuleOptions text;
  text.strict_shapes = options.strict_shapes;
  text.fixed = absl::StrJoin(options.fixed, ";");
  ALLOT_ASSIGN_OR_RETURN(const Pipeline pipeline,
                         ParsePipeline(ModuleProblemText(text), options.AllRegistries().passes));
  ALLOT_ASSIGN_OR_RETURN(ir::Module module, ReadModel(model_path, ImportOptions(), diagnostics));
  PassStatistics statistics;
  Analyses analyses;
  PassContext context = setup.Context(options, diagnostics, statistics);
  context.analyses = &analyses;
  ir::Plan plan;
  ALLOT_RETURN_IF_ERROR(RunPipeline(pipeline, module, plan, context, RunOptions()), model_path,
                        ": ");
  ALLOT_ASSIGN_OR_RETURN(const auto clusters, Analysis<ClusterProblem>(module, plan, context),
                         model_path, ": ");
  if (clusters->problem.items.empty()) return InputError(model_path, ": has no nodes to place");
  ALLOT_ASSIGN_OR_RETURN(ChipsOfPlan chips, MakeChipsOfPlan(*clusters, setup.target), model_path,
                         ": ");
  return std::move(chips.problem);
}

}  // namespace allot
