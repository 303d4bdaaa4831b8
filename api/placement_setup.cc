#include "api/placement_setup.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "api/scenarios.h"
#include "api/start_file.h"
#include "lowering/emitter.h"
#include "lowering/file_digest.h"
#include "lowering/plan_file.h"
#include "onnx_import/import.h"
#include "passes/pipeline/place_default.h"
#include "passes/pipeline/place_module.h"
#include "passes/pipeline/place_training.h"
#include "passes/problem/chip_module.h"
#include "support/nearest_name.h"
#include "support/options.h"
#include "support/read_file.h"
#include "support/status.h"
#include "target/builtin_targets.h"
#include "target/fastest_devices.h"
#include "target/host/host_facts.h"
#include "target/host/host_target.h"
#include "target/measured/measured_target.h"
#include "target/rule.h"
#include "target/target_json.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostRowParts = 1024;

absl::StatusOr<Provenance::File> Source(const std::string& path, const std::string& text) {
  FileChunk chunk;
  chunk.bytes = text;
  ALLOT_ASSIGN_OR_RETURN(FileDigest digest, DigestOf(path, {std::move(chunk)}));
  return Provenance::File{IsStream(path) ? "" : path, std::move(digest.sha256)};
}

// Rules of the command line come before the target's own, so that they win.
absl::Status AddRules(const CompileOptions& options, Target& target) {
  std::vector<Rule> rules;
  for (size_t i = 0; i < options.pins.size(); ++i) {
    const std::string& text = options.pins[i];
    ALLOT_ASSIGN_OR_RETURN(Rule rule, ParseRuleText(text, Rule::Effect::kPin, target),
                           "--pin=", text, ": ");
    if (i + options.own_pins >= options.pins.size()) {
      rule.text = absl::StrCat(kSliceRuleText, "'", text, "'");
    }
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

// A device for each part of rows, the fastest ones in their order; where there are fewer devices,
// the nodes of a part stay together.
absl::Status AddSparseRules(const CompileOptions& options, Target& target) {
  if (options.sparse.empty() || target.devices.size() < 2) return absl::OkStatus();
  int64_t parts = static_cast<int64_t>(target.devices.size());
  if (options.sparse != "auto") {
    ALLOT_RETURN_IF_ERROR(ParseOption(options.sparse, parts), "--sparse=", options.sparse, ": ");
  }
  if (parts < 1 || parts > kMostRowParts) {
    return InputError("--sparse=", options.sparse, ": must be from 1 to ", kMostRowParts,
                      ", or auto");
  }
  const bool own = static_cast<size_t>(parts) <= target.devices.size();
  const std::vector<DeviceId> devices = FastestDevices(target, static_cast<size_t>(parts));
  std::vector<Rule> rules;
  if (own) {  // where parts are joined for others
    Rule rule;
    rule.name_regex = "rows/.*";
    rule.text = absl::StrCat(kSparseRuleText, 0);
    rule.device = devices[0];
    rules.push_back(std::move(rule));
  }
  for (int64_t p = 0; p < parts; ++p) {
    Rule rule;
    rule.name_regex = absl::StrCat("rows\\.p", p, "/.*");
    rule.text = absl::StrCat(kSparseRuleText, p);
    rule.effect = Rule::Effect::kTogether;
    if (own) {
      rule.effect = Rule::Effect::kPin;
      rule.device = devices[static_cast<size_t>(p)];
    }
    rules.push_back(std::move(rule));
  }
  target.rules.insert(target.rules.begin(), rules.begin(), rules.end());
  return absl::OkStatus();
}

// The model asked for, "name" or "name{option=value}", and what was measured, which overrides it
// and what the target says of launches and transfers.
absl::Status MakeCosts(const CompileOptions& options, const Registry<CostModel>& models,
                       PlacementSetup& setup) {
  ALLOT_ASSIGN_OR_RETURN(const NameAndOptions model, SplitNameAndOptions(options.cost_model),
                         "--cost-model: ");
  const Entry<CostModel>* entry = models.Find(model.name);
  if (entry == nullptr) {
    return InputError("--cost-model: there is no cost model '", model.name, "'",
                      DidYouMean(model.name, models.names()), " (there are ",
                      absl::StrJoin(models.names(), ", "), ")");
  }
  ALLOT_ASSIGN_OR_RETURN(setup.cost_model, entry->make(model.options), "--cost-model: ");
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

}  // namespace

bool IsStream(const std::string& path) {
  // Names of what a process has open, as shells make them up, mean something else in the next one.
  if (path == "-" || path == "/dev/stdin" || absl::StartsWith(path, "/dev/fd/") ||
      absl::StartsWith(path, "/proc/")) {
    return true;
  }
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return fs::exists(status) && !fs::is_regular_file(status);
}

absl::StatusOr<Target> LoadTarget(const std::string& name_or_path, Diagnostics& diagnostics) {
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
    return InputError("--target=", name_or_path,
                      ": there is no such file and no such built-in target",
                      DidYouMean(name_or_path, known), " (there are ",
                      absl::StrJoin(BuiltinTargetNames(), ", "), ", ", kHostTargetUsage, ")");
  }
  ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(name_or_path));
  return ParseTarget(text, name_or_path, diagnostics);
}

absl::StatusOr<Target> LoadTarget(const std::string& name_or_path) {
  Diagnostics diagnostics;
  return LoadTarget(name_or_path, diagnostics);
}

namespace {

// As far as that can be known before the machine is needed. A stream can be read once only.
bool IsForChips(const CompileOptions& options) {
  if (options.machine.has_value()) return IsChipModule(*options.machine);
  std::error_code error;
  if (!fs::exists(options.target, error) && IsHostTarget(options.target)) return false;
  if (IsStream(options.target)) return false;
  const absl::StatusOr<Target> target = LoadTarget(options.target);
  return target.ok() && IsChipModule(*target);
}

}  // namespace

std::string PipelineText(const CompileOptions& options) {
  if (!options.pipeline.empty()) return options.pipeline;
  if (options.trains) {
    PlaceTrainingTextOptions text;
    text.strict_shapes = options.strict_shapes;
    text.fixed = absl::StrJoin(options.fixed, ";");
    text.microbatches = options.microbatches;
    text.optimizer = options.optimizer;
    text.recompute = options.recompute;
    text.freeze = options.freeze;
    text.whole_layers = options.whole_layers;
    text.simplify = options.simplify_permille;
    text.max_stages = options.max_parts;
    return PlaceTrainingText(text);
  }
  if (IsForChips(options)) {
    PlaceModuleOptions text;
    text.work = options.work;
    text.strict_shapes = options.strict_shapes;
    text.proposer = options.proposer;
    text.finetune = options.finetune;
    text.fixed = absl::StrJoin(options.fixed, ";");
    return PlaceModuleText(text);
  }
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
  text.state = options.state;
  if (!options.sparse.empty()) {
    text.sparse = absl::StrCat("parts=", options.sparse == "auto" ? "0" : options.sparse,
                               " imbalance=", PrintOption(options.sparse_imbalance),
                               options.sparse_force ? " force=true" : "");
    // Parts of rows are on devices of their own: there are many nodes, and little to search for.
    constexpr int64_t kEnoughForRows = 1'000'000;
    if (text.work == 0) text.work = kEnoughForRows;
  }
  text.fixed = absl::StrJoin(options.fixed, ";");
  text.split = absl::StrJoin(options.splits, ";");
  text.split_widths = options.split_widths;
  text.split_state = options.split_state;
  // "auto" tries several, each by itself.
  if (!absl::SimpleAtoi(options.tensor_width, &text.tensor_width)) text.tensor_width = 1;
  text.migration_cost = options.migration_cost_permille;
  return PlaceDefaultText(text);
}

namespace {

// Of "N=4,S=128". A name may hold commas itself: "a,b=3" is one piece.
std::vector<absl::string_view> DimPieces(absl::string_view text) {
  std::vector<absl::string_view> pieces;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t equal = text.find('=', begin);
    const size_t end =
        equal == text.npos ? text.size() : std::min(text.find(',', equal), text.size());
    pieces.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return pieces;
}

}  // namespace

absl::StatusOr<DimBindings> ParseDims(const std::vector<std::string>& dims, int64_t fallback) {
  if (fallback < 1) return InputError("--default-dim: ", fallback, " is not positive");
  DimBindings bindings;
  bindings.fallback = fallback;
  for (const std::string& text : dims) {
    for (const absl::string_view piece : DimPieces(text)) {
      const size_t equal = piece.rfind('=');
      int64_t size = 0;
      if (equal == piece.npos || equal == 0 || !absl::SimpleAtoi(piece.substr(equal + 1), &size) ||
          size < 0) {
        return InputError("--dim=", text, ": expected NAME=SIZE, such as --dim batch=8");
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
    Diagnostics notes;  // errors are in the status, too
    ALLOT_ASSIGN_OR_RETURN(setup.target, LoadTarget(options.target, notes));
    setup.notes = notes.all();
  }
  if ((!options.proposer.empty() || options.finetune > 0) && !IsChipModule(setup.target)) {
    return InputError(options.proposer.empty() ? "--finetune" : "--proposer",
                      " is of modules of chips, such as --target=mcm-36, and '", setup.target.name,
                      "' is none: leave it out");
  }
  ALLOT_ASSIGN_OR_RETURN(setup.made_from.target, Source(options.target, PrintTarget(setup.target)));
  setup.made_from.objective = options.trains ? ir::Objective::kThroughput : options.objective;
  setup.made_from.pins = options.pins;
  setup.made_from.forbids = options.forbids;
  setup.made_from.together = options.together;
  setup.made_from.cost_model = options.cost_model;
  setup.made_from.seed = options.seed;
  ALLOT_RETURN_IF_ERROR(AddSparseRules(options, setup.target));
  ALLOT_RETURN_IF_ERROR(AddRules(options, setup.target));
  const Registries registries = options.AllRegistries();
  ALLOT_RETURN_IF_ERROR(MakeCosts(options, registries.cost_models, setup));
  ALLOT_RETURN_IF_ERROR(ReadStart(options, setup));
  setup.schemas = MakeOnnxSchemas();
  setup.operators = registries.operators;
  setup.solvers = registries.solvers;
  ALLOT_ASSIGN_OR_RETURN(setup.dims, ParseDims(options.dims, options.default_dim));
  ALLOT_ASSIGN_OR_RETURN(setup.scenarios,
                         ParseScenarios(options.scenarios, options.dims, options.default_dim));
  if (!setup.scenarios.empty()) setup.dims = setup.scenarios[0].dims;
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
  // Forward and backward passes of many microbatches are a stream.
  context.objective = options.trains ? ir::Objective::kThroughput : options.objective;
  context.dims = dims;
  context.scenarios = scenarios;
  context.seed = options.seed;
  context.threads = options.threads;
  context.stop = options.stop;
  context.progress = options.progress;
  context.diagnostics = &diagnostics;
  for (const Diagnostic& note : notes) diagnostics.Report(note);
  context.statistics = &statistics;
  return context;
}

}  // namespace allot
