#include "api/prepared_model.h"

#include <deque>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"

#include "api/placement_setup.h"
#include "api/plan_prepared.h"
#include "api/read_model.h"
#include "onnx_import/import.h"
#include "passes/pipeline/analyses.h"
#include "support/status.h"

namespace allot {

// Of few sizes: whoever sweeps over many does not need the first ones again.
struct PreparedModel::Known {
  static constexpr size_t kMost = 8;
  struct Sizes {
    DimBindings dims;
    std::shared_ptr<const OperatorWork> work;
  };
  std::mutex mutex;
  std::deque<Sizes> sizes;  // the last asked for at the end
};

namespace {

// Prepares what `import` reads.
template <typename Import>
absl::StatusOr<PreparedModel> PrepareImported(const Import& import, const std::string& path,
                                              const std::string& shown,
                                              const CompileOptions& options,
                                              Diagnostics& diagnostics, const RunOptions& run) {
  const Registries registries = options.AllRegistries();
  ALLOT_ASSIGN_OR_RETURN(const Pipeline pipeline,
                         ParsePipeline(PipelineText(options), registries.passes));
  ALLOT_ASSIGN_OR_RETURN(ir::Module module, import());
  const std::unique_ptr<ir::OperatorSchemas> schemas = MakeOnnxSchemas();
  PassStatistics statistics;
  PassContext context;
  context.schemas = schemas.get();
  context.operators = &registries.operators;
  context.diagnostics = &diagnostics;
  context.statistics = &statistics;
  ir::Plan none;
  ALLOT_RETURN_IF_ERROR(RunGraphPasses(pipeline, module, none, context, run), shown, ": ");
  return PreparedModel(std::move(module), path, shown, PrintGraphPasses(pipeline),
                       registries.operators);
}

}  // namespace

PreparedModel::PreparedModel(ir::Module module, std::string path, std::string shown,
                             std::string passes, Operators operators)
    : state_(std::make_shared<const State>(State{
          std::make_shared<const ir::Module>(std::move(module)), std::move(path), std::move(shown),
          std::move(passes), std::move(operators), std::make_shared<Known>()})) {}

absl::StatusOr<std::shared_ptr<const OperatorWork>> PreparedModel::Work(
    const PassContext& context) const {
  Known& known = *state_->known;
  // Others wait: most often they ask for the same.
  const std::lock_guard lock(known.mutex);
  for (const Known::Sizes& sizes : known.sizes) {
    if (sizes.dims == context.dims) return sizes.work;
  }
  ALLOT_ASSIGN_OR_RETURN(OperatorWork made, GraphWork::Make(module(), context));
  auto work = std::make_shared<const OperatorWork>(std::move(made));
  if (known.sizes.size() == Known::kMost) known.sizes.pop_front();
  known.sizes.push_back({context.dims, work});
  return work;
}

absl::StatusOr<PreparedModel> Prepare(const std::string& model_path, const CompileOptions& options,
                                      Diagnostics& diagnostics, const RunOptions& run) {
  return PrepareImported([&] { return ReadModel(model_path, ImportOptions(), diagnostics); },
                         model_path, model_path, options, diagnostics, run);
}

absl::StatusOr<PreparedModel> PrepareBytes(absl::string_view model, const std::string& shown,
                                           const CompileOptions& options, Diagnostics& diagnostics,
                                           const RunOptions& run) {
  return PrepareImported([&] { return ReadModelBytes(model, shown, ImportOptions(), diagnostics); },
                         "-", shown, options, diagnostics, run);
}

absl::StatusOr<Compilation> Plan(const PreparedModel& model, const CompileOptions& options,
                                 Diagnostics& diagnostics, const RunOptions& run) {
  ALLOT_ASSIGN_OR_RETURN(PlacementSetup setup, MakePlacementSetup(options));
  ALLOT_ASSIGN_OR_RETURN(const Pipeline pipeline,
                         ParsePipeline(PipelineText(options), options.AllRegistries().passes));
  if (pipeline.num_graph_passes() > 0 && PrintGraphPasses(pipeline) != model.passes()) {
    return InputError(model.shown(), ": the model was prepared by '", model.passes(),
                      "', and these options ask for '", PrintGraphPasses(pipeline),
                      "': prepare it again with them");
  }
  PassStatistics statistics;
  Analyses analyses;
  PassContext context = setup.Context(options, diagnostics, statistics);
  context.operators = &model.operators();
  context.steps = run.hooks;
  context.analyses = &analyses;
  ALLOT_ASSIGN_OR_RETURN(auto work, model.Work(context));
  analyses.Keep<GraphWork>(std::move(work));
  return PlanPrepared(model, pipeline, options, setup, context, run);
}

}  // namespace allot
