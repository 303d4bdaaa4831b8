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
#include "api/stage_widths.h"
#include "api/undivided.h"
#include "lowering/to_onnx.h"
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
  // Where widths were chosen by ranges of blocks, the plan by blocks has a place for slices.
  if (absl::StrContains(model.passes(), "split-operators") && options.split_widths.empty()) {
    ALLOT_ASSIGN_OR_RETURN(std::optional<Compilation> slices,
                           PlanSlices(model, options, setup.target, diagnostics, run));
    if (slices.has_value()) return *std::move(slices);
  }
  return PlanPrepared(model, pipeline, options, setup, context, run);
}

// A way to divide the model.
struct Way {
  std::string name;
  CompileOptions options;
};

std::vector<Way> Widths(const CompileOptions& options, size_t num_devices) {
  std::vector<Way> ways;
  for (size_t parts = 1; parts <= std::max<size_t>(num_devices, 1); parts *= 2) {
    Way& way = ways.emplace_back(Way{absl::StrCat(parts), options});
    way.options.tensor_width = way.name;
  }
  return ways;
}

// Plans ways to divide a module and keeps the best plan; ties go to what was tried first.
class BestWay {
 public:
  BestWay(const ir::Module& module, const std::string& path, const std::string& shown,
          PlacementSetup& setup, const RunOptions& run)
      : module_(module),
        path_(path),
        shown_(shown),
        setup_(setup),
        run_(run),
        target_(setup.target),
        made_from_(setup.made_from),
        dims_(setup.dims) {}

  // An error where it is one at every width. That there is no room, or nothing within limits, is
  // none.
  absl::Status Try(const Way& way) {
    // What a plan takes out of its setup.
    setup_.target = target_;
    setup_.made_from = made_from_;
    setup_.dims = dims_;
    Diagnostics said;
    absl::StatusOr<Compilation> plan =
        CompileOnce(module_, path_, shown_, way.options, setup_, said, run_);
    if (!plan.ok()) {
      const bool limits = way.options.latency_limit > 0 || way.options.max_parts > 0;
      const bool no_room = absl::IsResourceExhausted(plan.status());
      if (!no_room && !limits) return plan.status();
      if (failure_.ok()) failure_ = plan.status();
      tried_.push_back(absl::StrCat(way.name, no_room ? ": no room" : ": nothing within limits"));
      return absl::OkStatus();
    }
    const std::optional<Picos> value = ValueOf(*plan);
    if (value.has_value()) {
      tried_.push_back(
          absl::StrFormat("%s: %.3f ms", way.name, static_cast<double>(*value) / kPicosPerMilli));
    }
    const std::optional<Picos> least = this->value();
    if (best_.has_value() && !(value.has_value() && least.has_value() && *value < *least)) {
      return absl::OkStatus();
    }
    best_ = *std::move(plan);
    name_ = way.name;
    said_ = std::move(said);
    return absl::OkStatus();
  }

  std::optional<Picos> value() const { return best_.has_value() ? ValueOf(*best_) : std::nullopt; }

  absl::StatusOr<Compilation> Take(Diagnostics& diagnostics) {
    if (!best_.has_value()) return failure_;
    for (const Diagnostic& diagnostic : said_.all()) diagnostics.Report(diagnostic);
    diagnostics.Note("tensor width",
                     absl::StrCat(name_, " is best of ", absl::StrJoin(tried_, ", "),
                                  "; the lower bound is that of plans with this width"));
    return *std::move(best_);
  }

 private:
  static std::optional<Picos> ValueOf(const Compilation& plan) {
    if (!plan.plan.summary.has_value()) return std::nullopt;
    return plan.plan.summary->value;
  }

  const ir::Module& module_;
  const std::string &path_, &shown_;
  PlacementSetup& setup_;
  const RunOptions& run_;
  const Target target_;
  const Provenance made_from_;
  const DimBindings dims_;
  std::optional<Compilation> best_;
  std::string name_;
  Diagnostics said_;
  absl::Status failure_;
  std::vector<std::string> tried_;
};

// Of nodes times devices: up to the first each width for all of a chain is planned by a search of
// its own; beyond the second a search is short where blocks were divided, since their chain is what
// counts.
constexpr size_t kMostToTry = 4'000, kMostToSearch = 20'000;
constexpr int64_t kShortSearch = 100'000;

// The best plan over widths 1, 2, 4, ... for all of the model, up to the number of devices, and
// over a width for each range of blocks where it is a chain of them. Large chains are planned
// whole, and with what is chosen for their blocks if that promises to be better.
absl::StatusOr<Compilation> CompileBestWidth(const ir::Module& module, const std::string& path,
                                             const std::string& shown,
                                             const CompileOptions& options, PlacementSetup& setup,
                                             Diagnostics& diagnostics, const RunOptions& run) {
  ALLOT_ASSIGN_OR_RETURN(const std::optional<StageWidths> stages,
                         ChooseStageWidths(module, shown, options, setup, run));
  const size_t num_devices = setup.target.devices.size();
  const size_t size = module.graph.num_nodes() * num_devices;
  const bool try_all = !stages.has_value() || size <= kMostToTry;
  BestWay best(module, path, shown, setup, run);
  for (const Way& way : Widths(options, try_all ? num_devices : 1)) {
    ALLOT_RETURN_IF_ERROR(best.Try(way));
  }
  if (!stages.has_value() || stages->ranges.empty()) return best.Take(diagnostics);
  const bool promises = !best.value().has_value() || stages->value < *best.value();
  if (promises || (try_all && !stages->uniform)) {
    Way way{stages->text, options};
    way.options.tensor_width = "1";
    way.options.split_widths = stages->ranges;
    if (size > kMostToSearch && way.options.work == 0) way.options.work = kShortSearch;
    ALLOT_RETURN_IF_ERROR(best.Try(way));
  }
  return best.Take(diagnostics);
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
  ALLOT_ASSIGN_OR_RETURN(const Pipeline pipeline,
                         ParsePipeline(PipelineText(options), options.AllRegistries().passes));
  if (observer != nullptr) observer->Begin("read model");
  ALLOT_ASSIGN_OR_RETURN(ir::Module module, import());
  if (options.needs_data) ALLOT_RETURN_IF_ERROR(CheckAllData(module), shown, ": ");
  const bool by_width = options.tensor_width == "auto" && options.pipeline.empty();
  if (!by_width && !MayDivide(pipeline)) {
    return CompileOnce(std::move(module), path, shown, options, setup, diagnostics, run);
  }
  const Target target = setup.target;
  const DimBindings dims = setup.dims;
  ALLOT_ASSIGN_OR_RETURN(
      Compilation result,
      by_width ? CompileBestWidth(module, path, shown, options, setup, diagnostics, run)
               : CompileOnce(module, path, shown, options, setup, diagnostics, run));
  if (!result.plan.summary.has_value() || !IsDivided(*result.module)) return result;
  // What a plan takes out of its setup.
  setup.target = target;
  setup.dims = dims;
  ALLOT_ASSIGN_OR_RETURN(result.plan.summary->baselines,
                         UndividedBaselines(std::move(module), shown, options, setup));
  result.made_from.undivided = true;
  return result;
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
