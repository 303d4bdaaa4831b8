#include "api/compile.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "api/start_file.h"
#include "lowering/bundle.h"
#include "lowering/emitter.h"
#include "lowering/file_digest.h"
#include "lowering/output_folder.h"
#include "lowering/plan_file.h"
#include "lowering/to_onnx.h"
#include "onnx_import/import.h"
#include "passes/nodes/device_constraints.h"
#include "passes/pipeline/place_default.h"
#include "support/options.h"
#include "support/read_file.h"
#include "support/status.h"
#include "target/builtin_targets.h"
#include "target/host/host_facts.h"
#include "target/host/host_target.h"
#include "target/measured/measured_target.h"
#include "target/rule.h"
#include "target/target_json.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

Registries RegistriesOf(const CompileOptions& options) {
  return options.registries != nullptr ? *options.registries : BuiltinRegistries();
}

// Whether a file comes from standard input or a pipe, so that nobody can read it once more. Names
// of what a process has open, as shells make them up, mean something else in the next one.
bool IsStream(const std::string& path) {
  if (path == "-" || path == "/dev/stdin" || absl::StartsWith(path, "/dev/fd/") ||
      absl::StartsWith(path, "/proc/")) {
    return true;
  }
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return fs::exists(status) && !fs::is_regular_file(status);
}

absl::StatusOr<Provenance::File> Source(const std::string& path, const std::string& text) {
  FileChunk chunk;
  chunk.bytes = text;
  ALLOT_ASSIGN_OR_RETURN(FileDigest digest, DigestOf(path, {std::move(chunk)}));
  return Provenance::File{IsStream(path) ? "" : path, std::move(digest.sha256)};
}

// Rules of the command line come before the target's own, so that they win.
absl::Status AddRules(const CompileOptions& options, Target& target) {
  std::vector<Rule> rules;
  for (const std::string& text : options.pins) {
    ALLOT_ASSIGN_OR_RETURN(Rule rule, ParseRuleText(text, Rule::Effect::kPin, target),
                           "--pin=", text, ": ");
    rules.push_back(std::move(rule));
  }
  for (const std::string& text : options.forbids) {
    ALLOT_ASSIGN_OR_RETURN(Rule rule, ParseRuleText(text, Rule::Effect::kForbid, target),
                           "--forbid=", text, ": ");
    rules.push_back(std::move(rule));
  }
  for (const std::string& text : options.together) {
    ALLOT_ASSIGN_OR_RETURN(Rule rule, ParseTogetherText(text));
    rules.push_back(std::move(rule));
  }
  target.rules.insert(target.rules.begin(), rules.begin(), rules.end());
  return absl::OkStatus();
}

// The model asked for, "name" or "name{option=value}", and what was measured, which overrides it
// and what the target says of launches and transfers.
absl::Status MakeCosts(const CompileOptions& options, const Registry<CostModel>& models,
                       PlacementSetup& setup) {
  absl::string_view name = options.cost_model;
  absl::string_view model_options;
  if (const size_t brace = name.find('{'); brace != name.npos && name.back() == '}') {
    model_options = name.substr(brace + 1, name.size() - brace - 2);
    name = name.substr(0, brace);
  }
  const Entry<CostModel>* entry = models.Find(name);
  if (entry == nullptr) {
    return InputError("--cost-model: there is no cost model '", name, "' (there are ",
                      absl::StrJoin(models.names(), ", "), ")");
  }
  ALLOT_ASSIGN_OR_RETURN(setup.cost_model, entry->make(model_options), "--cost-model: ");
  for (const std::string& path : options.cost_files) {
    ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
    ALLOT_ASSIGN_OR_RETURN(setup.made_from.costs.emplace_back(), Source(path, text));
    ALLOT_ASSIGN_OR_RETURN(MeasuredCosts measured, ParseCosts(text, path));
    // A later file overrides an earlier one.
    ApplyMeasuredMachine(measured, setup.target);
    setup.cost_model = MakeMeasuredCostModel(std::move(setup.cost_model), measured);
    setup.measured.push_back(std::move(measured));
  }
  return absl::OkStatus();
}

absl::Status ReadStart(const CompileOptions& options, PlacementSetup& setup) {
  if (options.start.empty()) {
    return options.migration_cost_permille == 0
               ? absl::OkStatus()
               : InputError("--migration-cost needs the plan that is there: --start=DIR");
  }
  std::error_code error;
  std::string path = options.start;
  if (fs::is_directory(path, error)) path = (fs::path(path) / "plan.json").string();
  ALLOT_ASSIGN_OR_RETURN(const PlanFile plan, ReadPlanFile(options.start), "--start: ");
  ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  ALLOT_ASSIGN_OR_RETURN(setup.made_from.start.emplace(), Source(path, text));
  setup.start = StartFrom(plan, path);
  return absl::OkStatus();
}

void ReportUnmatchedRows(const PlacementSetup& setup, const ir::Plan& plan,
                         Diagnostics& diagnostics) {
  if (setup.measured.empty()) return;
  std::vector<std::string> names;
  for (const OpFeatures& features : plan.features) names.push_back(features.name);
  constexpr size_t kShown = 5;
  for (const MeasuredCosts& measured : setup.measured) {
    const std::vector<std::string> unmatched = UnmatchedRows(measured, names, setup.target);
    if (unmatched.empty()) continue;
    const std::vector<std::string> shown(
        unmatched.begin(),
        unmatched.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, unmatched.size())));
    diagnostics.Warning(
        measured.file,
        absl::StrCat(unmatched.size(), unmatched.size() == 1 ? " row matches" : " rows match",
                     " no node and device: ", absl::StrJoin(shown, ", "),
                     unmatched.size() > kShown ? ", ..." : ""));
  }
}

void AddSymbols(const ir::Type& type, std::set<std::string>& symbols) {
  if (type.shape.has_value()) {
    for (const ir::Dim& dim : *type.shape) {
      if (!dim.symbol.empty()) symbols.insert(dim.symbol);
    }
  }
  for (const ir::Type& parameter : type.parameters) AddSymbols(parameter, symbols);
}

// A size for a dimension that the model does not have is most often misspelt.
void ReportUnknownDims(const CompileOptions& options, const ir::Graph& graph,
                       Diagnostics& diagnostics) {
  if (options.dims.empty()) return;
  std::set<std::string> symbols;
  for (size_t i = 0; i < graph.value_id_bound(); ++i) {
    AddSymbols(graph.value(ir::ValueId(i)).type, symbols);
  }
  const absl::StatusOr<DimBindings> dims = ParseDims(options.dims, options.default_dim);
  if (!dims.ok()) return;  // reported before
  const std::vector<std::string> known(symbols.begin(), symbols.end());
  for (const auto& [name, size] : dims->symbols) {
    if (symbols.count(name) > 0) continue;
    const std::string near = NearestName(name, known);
    diagnostics.Warning(
        absl::StrCat("--dim=", name, "=", size),
        absl::StrCat("the model has no dimension '", name, "'",
                     near.empty() ? "" : absl::StrCat("; did you mean '", near, "'?"),
                     known.empty()
                         ? " (all its sizes are numbers)"
                         : absl::StrCat(" (there are ", absl::StrJoin(known, ", "), ")")));
  }
}

// Whether it is likely a mistake that a rule of a target matches nothing: one of names was written
// for this model, one of an operator for many models.
bool IsForThisModel(const Rule& rule, const Operators& operators) {
  return !rule.name_regex.empty() || !rule.before_regex.empty() || !rule.after_regex.empty() ||
         (!rule.op_type.empty() &&
          operators.Find(rule.domain.value_or(""), rule.op_type) == nullptr);
}

// A rule that matches nothing is most often misspelt.
absl::Status ReportUnmatchedRules(const CompileOptions& options, const Target& target,
                                  const Operators& operators, const ir::Module& module,
                                  const ir::Plan& plan, Diagnostics& diagnostics) {
  // They come first.
  const size_t asked = options.pins.size() + options.forbids.size() + options.together.size();
  if (target.rules.empty() || plan.features.empty()) return absl::OkStatus();
  ALLOT_ASSIGN_OR_RETURN(const DeviceConstraints constraints,
                         DeviceConstraints::Make(module, plan, target));
  for (size_t rule = 0; rule < target.rules.size(); ++rule) {
    if (rule >= asked && !IsForThisModel(target.rules[rule], operators)) continue;
    const auto matches = [&](ir::NodeId node) { return constraints.RuleMatches(rule, node); };
    if (absl::c_any_of(module.graph.nodes(), matches)) continue;
    diagnostics.Warning(target.rules[rule].text,
                        rule < asked ? "matches no node; the expression must match a node's whole "
                                       "name, as in '.*conv1=DEVICE'"
                                     : "matches no node of this model");
  }
  return absl::OkStatus();
}

// An operator that neither ONNX nor the model has is most often misspelt, and the device then
// cannot run what was meant.
void ReportUnknownOps(const Target& target, const Operators& operators, const ir::Plan& plan,
                      Diagnostics& diagnostics) {
  std::set<std::string> models;
  for (const OpFeatures& features : plan.features) models.insert(features.op_type);
  std::vector<std::string> known;
  for (const Operator& op : operators.records()) {
    if (op.domain.empty()) known.push_back(op.op_type);
  }
  for (const Device& device : target.devices) {
    for (const std::vector<std::string>* ops : {&device.supported_ops, &device.unsupported_ops}) {
      for (const std::string& op : *ops) {
        if (op == "*" || op.find(':') != op.npos || models.count(op) > 0) continue;
        if (operators.Find("", op) != nullptr) continue;
        const std::string near = NearestName(op, known);
        diagnostics.Warning(
            absl::StrCat("device '", device.name, "'"),
            absl::StrCat("its 'supports' names an operator '", op, "' that ONNX does not have",
                         near.empty() ? "; another domain is written DOMAIN:OPERATOR"
                                      : absl::StrCat("; did you mean '", near, "'?")));
      }
    }
  }
}

// A single time is counted up to kMaxPicos only.
absl::Status ReportLargestTimes(const PlacementSetup& setup, const ir::Plan& plan,
                                Diagnostics& diagnostics) {
  if (!plan.summary.has_value() || plan.summary->value < kMaxPicos) return absl::OkStatus();
  for (const Device& device : setup.target.devices) {
    for (const OpFeatures& op : plan.features) {
      if (WhyUnsupported(op, device).has_value()) continue;
      ALLOT_ASSIGN_OR_RETURN(const Picos time, setup.cost_model->OpTime(op, device));
      if (time < kMaxPicos) continue;
      diagnostics.Warning(
          absl::StrCat("node '", op.name, "'"),
          absl::StrCat("takes ", kMaxPicos / kPicosPerSecond, " seconds or more on ", device.name,
                       ", and no more is counted for one node: times of this plan are too small; "
                       "give smaller sizes (--dim), or faster rates in the target"));
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

// Places what `import` reads; `shown` is the model in messages.
template <typename Import>
absl::StatusOr<Compilation> CompileImported(const Import& import, const std::string& shown,
                                            const CompileOptions& options, Diagnostics& diagnostics,
                                            const RunOptions& run, StageObserver* observer) {
  Compilation result;
  ALLOT_ASSIGN_OR_RETURN(PlacementSetup setup, MakePlacementSetup(options));
  ALLOT_ASSIGN_OR_RETURN(const Pipeline pipeline,
                         ParsePipeline(PipelineText(options), RegistriesOf(options).passes));
  result.pipeline = PrintPipeline(pipeline);
  if (observer != nullptr) observer->Begin("read model");
  ALLOT_ASSIGN_OR_RETURN(result.module, import());
  PassStatistics statistics;
  PassContext context = setup.Context(options, diagnostics, statistics);
  ALLOT_RETURN_IF_ERROR(RunPipeline(pipeline, result.module, result.plan, context, run), shown,
                        ": ");
  ReportUnknownDims(options, result.module.graph, diagnostics);
  ReportUnmatchedRows(setup, result.plan, diagnostics);
  ReportUnknownOps(setup.target, setup.operators, result.plan, diagnostics);
  ALLOT_RETURN_IF_ERROR(ReportLargestTimes(setup, result.plan, diagnostics));
  ALLOT_RETURN_IF_ERROR(ReportUnmatchedRules(options, setup.target, setup.operators, result.module,
                                             result.plan, diagnostics));
  result.target = std::move(setup.target);
  result.made_from = std::move(setup.made_from);
  return result;
}

// The path from the folder to the file by the names that were given: a link stays the link that it
// is, because what lies beside it need not lie beside the file that it leads to.
std::string RelativeTo(const std::string& path, const std::string& folder) {
  std::error_code error;
  const fs::path from = fs::weakly_canonical(fs::absolute(folder, error), error);
  fs::path to = fs::absolute(path, error);
  // Behind a link, ".." leads elsewhere than the names say.
  if (std::find(to.begin(), to.end(), fs::path("..")) != to.end()) {
    to = fs::weakly_canonical(to.parent_path(), error) / to.filename();
  }
  return to.lexically_normal().lexically_relative(from).generic_string();
}

// Whether the model lies in the folder itself.
bool IsFolderOf(const std::string& folder, const std::string& model_path) {
  std::error_code error;
  const fs::path parent = fs::absolute(model_path, error).parent_path();
  return fs::weakly_canonical(parent, error) ==
         fs::weakly_canonical(fs::absolute(folder, error) / ".", error);
}

}  // namespace

absl::StatusOr<Target> LoadTarget(const std::string& name_or_path) {
  std::error_code error;
  if (!fs::exists(name_or_path, error)) {
    if (IsHostTarget(name_or_path)) {
      ALLOT_ASSIGN_OR_RETURN(const HostFacts facts, ReadHostFacts(), "--target=", name_or_path,
                             ": ");
      absl::StatusOr<Target> host = HostTarget(facts, name_or_path);
      if (!host.ok()) return WithContext(host.status(), "--target=");
      return host;
    }
    absl::StatusOr<std::string> builtin = BuiltinTargetText(name_or_path);
    if (builtin.ok()) return ParseTarget(*builtin, name_or_path);
    std::vector<std::string> known = BuiltinTargetNames();
    known.push_back("host");
    const std::string near = NearestName(name_or_path, known);
    return InputError(
        "--target=", name_or_path, ": there is no such file and no such built-in target",
        near.empty() ? "" : absl::StrCat("; did you mean '", near, "'?"), " (there are ",
        absl::StrJoin(BuiltinTargetNames(), ", "), ", ", kHostTargetUsage, ")");
  }
  ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(name_or_path));
  return ParseTarget(text, name_or_path);
}

std::string PipelineText(const CompileOptions& options) {
  if (!options.pipeline.empty()) return options.pipeline;
  PlaceDefaultOptions text;
  text.solver = options.solver;
  text.work = options.work;
  text.strict_shapes = options.strict_shapes;
  text.replicas = options.replicas;
  text.latency_limit_us = options.latency_limit / kPicosPerMicro;
  text.max_parts = options.max_parts;
  text.simplify = options.simplify_permille;
  text.min_gain = options.min_gain_permille;
  text.contiguous = options.contiguous;
  text.fixed = absl::StrJoin(options.fixed, ";");
  text.migration_cost = options.migration_cost_permille;
  return PlaceDefaultText(text);
}

absl::StatusOr<DimBindings> ParseDims(const std::vector<std::string>& dims, int64_t fallback) {
  if (fallback < 1) return InputError("--default-dim: ", fallback, " is not positive");
  DimBindings bindings;
  bindings.fallback = fallback;
  for (const std::string& text : dims) {
    // "N=4,S=128" binds several.
    for (const absl::string_view piece : absl::StrSplit(text, ',')) {
      const size_t equal = piece.rfind('=');
      int64_t size = 0;
      if (equal == piece.npos || equal == 0 || !absl::SimpleAtoi(piece.substr(equal + 1), &size) ||
          size < 0) {
        return InputError("--dim=", text, ": expected NAME=SIZE, such as --dim batch=8");
      }
      if (size == 0) {
        return InputError("--dim=", text, ": a tensor of size 0 holds nothing, and all that is ",
                          "computed from it takes no time; give a size of 1 or more");
      }
      const auto [known, is_new] =
          bindings.symbols.emplace(std::string(piece.substr(0, equal)), size);
      if (!is_new && known->second != size) {
        return InputError("--dim=", text, ": '", known->first, "' is ", known->second,
                          " already; give each dimension one size");
      }
    }
  }
  return bindings;
}

absl::StatusOr<PlacementSetup> MakePlacementSetup(const CompileOptions& options) {
  PlacementSetup setup;
  if (options.machine.has_value()) {
    setup.target = *options.machine;
  } else {
    ALLOT_ASSIGN_OR_RETURN(setup.target, LoadTarget(options.target));
  }
  ALLOT_ASSIGN_OR_RETURN(setup.made_from.target, Source(options.target, PrintTarget(setup.target)));
  setup.made_from.objective = options.objective;
  setup.made_from.pins = options.pins;
  setup.made_from.forbids = options.forbids;
  setup.made_from.together = options.together;
  setup.made_from.cost_model = options.cost_model;
  setup.made_from.seed = options.seed;
  ALLOT_RETURN_IF_ERROR(AddRules(options, setup.target));
  const Registries registries = RegistriesOf(options);
  ALLOT_RETURN_IF_ERROR(MakeCosts(options, registries.cost_models, setup));
  ALLOT_RETURN_IF_ERROR(ReadStart(options, setup));
  setup.schemas = MakeOnnxSchemas();
  setup.operators = registries.operators;
  setup.solvers = registries.solvers;
  ALLOT_ASSIGN_OR_RETURN(setup.dims, ParseDims(options.dims, options.default_dim));
  return setup;
}

PassContext PlacementSetup::Context(const CompileOptions& options, Diagnostics& diagnostics,
                                    PassStatistics& statistics) const {
  PassContext context;
  context.target = &target;
  context.cost_model = cost_model.get();
  context.schemas = schemas.get();
  context.operators = &operators;
  context.solvers = &solvers;
  context.start = start.has_value() ? &*start : nullptr;
  context.objective = options.objective;
  context.dims = dims;
  context.seed = options.seed;
  context.threads = options.threads;
  context.stop = options.stop;
  context.progress = options.progress;
  context.diagnostics = &diagnostics;
  context.statistics = &statistics;
  return context;
}

absl::StatusOr<Compilation> Compile(const std::string& model_path, const CompileOptions& options,
                                    Diagnostics& diagnostics, const RunOptions& run,
                                    StageObserver* observer) {
  return CompileImported([&] { return ImportOnnx(model_path, ImportOptions(), diagnostics); },
                         model_path, options, diagnostics, run, observer);
}

absl::StatusOr<Compilation> CompileBytes(absl::string_view model, const std::string& shown,
                                         const CompileOptions& options, Diagnostics& diagnostics,
                                         const RunOptions& run, StageObserver* observer) {
  return CompileImported(
      [&] { return ImportOnnxBytes(model, shown, ImportOptions(), diagnostics); }, shown, options,
      diagnostics, run, observer);
}

absl::StatusOr<std::vector<OutputFile>> MakeOutputs(const Compilation& compilation,
                                                    const std::string& model_path,
                                                    const CompileOptions& options,
                                                    const std::vector<std::string>& emit,
                                                    const std::string& folder) {
  ALLOT_ASSIGN_OR_RETURN(const Bundle bundle,
                         Extract(compilation.module, compilation.target, compilation.plan));
  EmitInput input{.module = compilation.module,
                  .target = compilation.target,
                  .plan = compilation.plan,
                  .bundle = bundle};
  input.model_path = IsStream(model_path) ? "" : RelativeTo(model_path, folder);
  input.pipeline = compilation.pipeline;
  input.made_from = compilation.made_from;
  const auto seen_from_folder = [&](Provenance::File& file) {
    if (!file.path.empty()) file.path = RelativeTo(file.path, folder);
  };
  absl::c_for_each(input.made_from.costs, seen_from_folder);
  if (input.made_from.start.has_value()) seen_from_folder(*input.made_from.start);
  std::error_code error;
  if (std::string& path = input.made_from.target.path; fs::exists(path, error)) {
    path = RelativeTo(path, folder);  // not so the names of built-in targets
  }
  ALLOT_ASSIGN_OR_RETURN(DimBindings dims, ParseDims(options.dims, options.default_dim));
  input.dims = std::move(dims.symbols);
  input.default_dim = dims.fallback;
  input.emit_ir_version = options.emit_ir_version;
  input.embed_external_data = options.external_data == "embed";
  input.output_is_model_folder = model_path != "-" && IsFolderOf(folder, model_path);
  return EmitFiles(RegistriesOf(options).emitters, emit, input);
}

absl::StatusOr<std::vector<std::string>> WriteOutputs(const Compilation& compilation,
                                                      const std::string& model_path,
                                                      const CompileOptions& options,
                                                      const std::vector<std::string>& emit,
                                                      const std::string& folder) {
  ALLOT_ASSIGN_OR_RETURN(const std::vector<OutputFile> files,
                         MakeOutputs(compilation, model_path, options, emit, folder));
  std::vector<std::string> sources = SourceFiles(compilation.module);
  if (model_path != "-") sources.push_back(model_path);
  // Not the plan of --start: a better one may take its place.
  std::error_code error;
  if (fs::exists(options.target, error)) sources.push_back(options.target);
  sources.insert(sources.end(), options.cost_files.begin(), options.cost_files.end());
  ALLOT_RETURN_IF_ERROR(WriteOutputFolder(folder, files, sources, options.force));
  std::vector<std::string> names;
  for (const OutputFile& file : files) names.push_back(file.name);
  return names;
}

}  // namespace allot
