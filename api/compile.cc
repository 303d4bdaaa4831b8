#include "api/compile.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "api/placement_setup.h"
#include "api/plan_prepared.h"
#include "api/plan_slices.h"
#include "api/read_model.h"
#include "passes/pipeline/analyses.h"
#include "support/status.h"

namespace allot {
namespace {

// Places the module as options say that name a width, if any. Unlike Prepare(), graph passes see
// the machine here.
absl::StatusOr<Compilation> CompileOnce(ir::Module module, const std::string& path,
                                        const std::string& shown, const CompileOptions& options,
                                        PlacementSetup& setup, Diagnostics& diagnostics,
                                        const RunOptions& run) {
  ALLOT_ASSIGN_OR_RETURN(const Pipeline pipeline,
                         ParsePipeline(PipelineText(options), options.AllRegistries().passes));
  PassStatistics statistics;
  Analyses analyses;
  PassContext context = setup.Context(options, diagnostics, statistics);
  context.analyses = &analyses;
  ir::Plan none;
  ALLOT_RETURN_IF_ERROR(RunGraphPasses(pipeline, module, none, context, run), shown, ": ");
  const PreparedModel model(std::move(module), path, shown, PrintGraphPasses(pipeline),
                            setup.operators);
  // Names as those of slices mean nothing in a model that was not divided here.
  if (absl::StrContains(model.passes(), "split-operators")) {
    ALLOT_ASSIGN_OR_RETURN(std::optional<Compilation> slices,
                           PlanSlices(model, options, setup.target, diagnostics, run));
    if (slices.has_value()) return *std::move(slices);
  }
  return PlanPrepared(model, pipeline, options, setup, context, run);
}

// "2: 1.234 ms".
std::string ValueText(const CompileOptions& options, const Compilation& plan) {
  if (!plan.plan.summary.has_value()) return "";
  return absl::StrFormat("%s: %.3f ms", options.tensor_width,
                         static_cast<double>(plan.plan.summary->value) / kPicosPerMilli);
}

// The best plan over widths 1, 2, 4, ... up to the number of devices. Ties go to the smaller width.
absl::StatusOr<Compilation> CompileBestWidth(const ir::Module& module, const std::string& path,
                                             const std::string& shown,
                                             const CompileOptions& options, PlacementSetup& setup,
                                             Diagnostics& diagnostics, const RunOptions& run) {
  std::optional<Compilation> best;
  std::string width;
  Diagnostics of_best;
  absl::Status failure;
  std::vector<std::string> tried;
  // What a plan takes out of its setup.
  const Target target = setup.target;
  const Provenance made_from = setup.made_from;
  const DimBindings dims = setup.dims;
  for (size_t parts = 1; parts <= std::max<size_t>(target.devices.size(), 1); parts *= 2) {
    setup.target = target;
    setup.made_from = made_from;
    setup.dims = dims;
    CompileOptions one = options;
    one.tensor_width = absl::StrCat(parts);
    Diagnostics said;
    absl::StatusOr<Compilation> plan = CompileOnce(module, path, shown, one, setup, said, run);
    if (!plan.ok()) {
      // What is wrong with the model or the options is so at every width.
      if (!absl::IsResourceExhausted(plan.status())) return plan.status();
      if (failure.ok()) failure = plan.status();
      tried.push_back(absl::StrCat(one.tensor_width, ": no room"));
      continue;
    }
    tried.push_back(ValueText(one, *plan));
    const bool better =
        !best.has_value() || (plan->plan.summary.has_value() && best->plan.summary.has_value() &&
                              plan->plan.summary->value < best->plan.summary->value);
    if (!better) continue;
    best = *std::move(plan);
    width = one.tensor_width;
    of_best = std::move(said);
  }
  if (!best.has_value()) return failure;
  for (const Diagnostic& diagnostic : of_best.all()) diagnostics.Report(diagnostic);
  diagnostics.Note("tensor width", absl::StrCat(width, " is best of ", absl::StrJoin(tried, ", ")));
  return *std::move(best);
}

// Places what `import` reads.
template <typename Import>
absl::StatusOr<Compilation> CompileImported(const Import& import, const std::string& path,
                                            const std::string& shown, const CompileOptions& options,
                                            Diagnostics& diagnostics, const RunOptions& run,
                                            StageObserver* observer) {
  // Options that cannot be read are said before a large model is; files that come through pipes can
  // be read once.
  ALLOT_ASSIGN_OR_RETURN(PlacementSetup setup, MakePlacementSetup(options));
  ALLOT_RETURN_IF_ERROR(
      ParsePipeline(PipelineText(options), options.AllRegistries().passes).status());
  if (observer != nullptr) observer->Begin("read model");
  ALLOT_ASSIGN_OR_RETURN(ir::Module module, import());
  if (options.tensor_width == "auto" && options.pipeline.empty()) {
    return CompileBestWidth(module, path, shown, options, setup, diagnostics, run);
  }
  return CompileOnce(std::move(module), path, shown, options, setup, diagnostics, run);
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
