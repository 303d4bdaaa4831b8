#include "api/compile.h"

#include <utility>

#include "api/placement_setup.h"
#include "api/plan_prepared.h"
#include "api/read_model.h"
#include "passes/pipeline/analyses.h"
#include "support/status.h"

namespace allot {
namespace {

// Places what `import` reads. Unlike Prepare(), graph passes see the machine here.
template <typename Import>
absl::StatusOr<Compilation> CompileImported(const Import& import, const std::string& path,
                                            const std::string& shown, const CompileOptions& options,
                                            Diagnostics& diagnostics, const RunOptions& run,
                                            StageObserver* observer) {
  ALLOT_ASSIGN_OR_RETURN(PlacementSetup setup, MakePlacementSetup(options));
  ALLOT_ASSIGN_OR_RETURN(const Pipeline pipeline,
                         ParsePipeline(PipelineText(options), options.AllRegistries().passes));
  if (observer != nullptr) observer->Begin("read model");
  ALLOT_ASSIGN_OR_RETURN(ir::Module module, import());
  PassStatistics statistics;
  Analyses analyses;
  PassContext context = setup.Context(options, diagnostics, statistics);
  context.analyses = &analyses;
  ir::Plan none;
  ALLOT_RETURN_IF_ERROR(RunGraphPasses(pipeline, module, none, context, run), shown, ": ");
  const PreparedModel model(std::move(module), path, shown, PrintGraphPasses(pipeline),
                            setup.operators);
  return PlanPrepared(model, pipeline, options, setup, context, run);
}

}  // namespace

absl::StatusOr<Compilation> Compile(const std::string& model_path, const CompileOptions& options,
                                    Diagnostics& diagnostics, const RunOptions& run,
                                    StageObserver* observer) {
  return CompileImported([&] { return ReadModel(model_path, ImportOptions(), diagnostics); },
                         model_path, model_path, options, diagnostics, run, observer);
}

absl::StatusOr<Compilation> CompileBytes(absl::string_view model, const std::string& shown,
                                         const CompileOptions& options, Diagnostics& diagnostics,
                                         const RunOptions& run, StageObserver* observer) {
  return CompileImported([&] { return ReadModelBytes(model, shown, ImportOptions(), diagnostics); },
                         "-", shown, options, diagnostics, run, observer);
}

absl::StatusOr<Compilation> CompileModule(ir::Module module, const std::string& shown,
                                          const CompileOptions& options, Diagnostics& diagnostics,
                                          const RunOptions& run) {
  return CompileImported([&]() -> absl::StatusOr<ir::Module> { return std::move(module); }, "-",
                         shown, options, diagnostics, run, nullptr);
}

}  // namespace allot
