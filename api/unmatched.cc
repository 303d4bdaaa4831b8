#include "api/unmatched.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "operators/operators.h"
#include "passes/nodes/device_constraints.h"
#include "passes/pipeline/analyses.h"
#include "support/nearest_name.h"
#include "support/status.h"
#include "target/rule.h"

namespace allot {
namespace {

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
void ReportDims(const CompileOptions& options, const PlacementSetup& setup, const ir::Graph& graph,
                Diagnostics& diagnostics) {
  if (options.dims.empty() && setup.scenarios.empty()) return;
  const absl::StatusOr<DimBindings> dims = ParseDims(options.dims, options.default_dim);
  if (!dims.ok()) return;  // reported before
  const std::vector<std::string> known = SymbolsOf(graph);
  ReportUnknownDims(dims->symbols, "--dim=", known, diagnostics);
  for (const Scenario& scenario : setup.scenarios) {
    // Those of --dim hold for all of them.
    std::map<std::string, int64_t> own = scenario.dims.symbols;
    for (const auto& [name, size] : dims->symbols) own.erase(name);
    ReportUnknownDims(own, absl::StrCat("--scenario=", scenario.name, ":"), known, diagnostics);
  }
}

// Whether it is likely a mistake that a rule of a target matches nothing: one of names was written
// for this model, one of an operator for many models.
bool IsForThisModel(const Rule& rule, const Operators& operators) {
  return !rule.name_regex.empty() || !rule.before_regex.empty() || !rule.after_regex.empty() ||
         (!rule.op_type.empty() &&
          operators.Find(rule.domain.value_or(""), rule.op_type) == nullptr);
}

absl::Status ReportUnmatchedRules(const CompileOptions& options, const Target& target,
                                  const ir::Module& module, const ir::Plan& plan,
                                  const PassContext& context, Diagnostics& diagnostics) {
  // They come first.
  const size_t asked = options.pins.size() + options.forbids.size() + options.together.size();
  if (target.rules.empty() || plan.features.empty()) return absl::OkStatus();
  ALLOT_ASSIGN_OR_RETURN(const auto constraints, Analysis<PlanConstraints>(module, plan, context));
  for (size_t rule = 0; rule < target.rules.size(); ++rule) {
    if (rule >= asked && !IsForThisModel(target.rules[rule], *context.operators)) continue;
    // Rows are not divided where that does not pay.
    if (absl::StartsWith(target.rules[rule].text, kSparseRuleText)) continue;
    const auto matches = [&](ir::NodeId node) { return constraints->RuleMatches(rule, node); };
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
        const std::string meant = DidYouMean(op, known);
        diagnostics.Warning(
            absl::StrCat("device '", device.name, "'"),
            absl::StrCat("its 'supports' names an operator '", op, "' that ONNX does not have",
                         meant.empty() ? "; another domain is written DOMAIN:OPERATOR" : meant));
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

}  // namespace

std::vector<std::string> SymbolsOf(const ir::Graph& graph) {
  std::set<std::string> symbols;
  for (size_t i = 0; i < graph.value_id_bound(); ++i) {
    AddSymbols(graph.value(ir::ValueId(i)).type, symbols);
  }
  return {symbols.begin(), symbols.end()};
}

void ReportUnknownDims(const std::map<std::string, int64_t>& sizes, absl::string_view flag,
                       const std::vector<std::string>& known, Diagnostics& diagnostics) {
  for (const auto& [name, size] : sizes) {
    if (std::binary_search(known.begin(), known.end(), name)) continue;
    diagnostics.Warning(
        absl::StrCat(flag, name, "=", size),
        absl::StrCat("the model has no dimension '", name, "'", DidYouMean(name, known),
                     known.empty()
                         ? " (all its sizes are numbers)"
                         : absl::StrCat(" (there are ", absl::StrJoin(known, ", "), ")")));
  }
}

absl::Status ReportUnmatched(const CompileOptions& options, const PlacementSetup& setup,
                             const ir::Module& module, const ir::Plan& plan,
                             const PassContext& context, Diagnostics& diagnostics) {
  ReportDims(options, setup, module.graph, diagnostics);
  ReportUnmatchedRows(setup, plan, diagnostics);
  ReportUnknownOps(setup.target, *context.operators, plan, diagnostics);
  ALLOT_RETURN_IF_ERROR(ReportLargestTimes(setup, plan, diagnostics));
  return ReportUnmatchedRules(options, setup.target, module, plan, context, diagnostics);
}

}  // namespace allot
