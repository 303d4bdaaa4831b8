#include "api/plan_slices.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "api/slice_placement.h"
#include "passes/splitting/slice_name.h"
#include "support/status.h"
#include "target/rule.h"

namespace allot {
namespace {

// Whether a pin of the options is about slices.
absl::StatusOr<bool> AreSlicesPinned(const PreparedModel& model, const CompileOptions& options,
                                     const Target& target) {
  std::vector<Rule> pins;
  for (const std::string& text : options.pins) {
    ALLOT_ASSIGN_OR_RETURN(Rule rule, ParseRuleText(text, Rule::Effect::kPin, target),
                           "--pin=", text, ": ");
    if (!rule.name_regex.empty()) pins.push_back(std::move(rule));
  }
  ALLOT_ASSIGN_OR_RETURN(const RuleMatcher matcher, RuleMatcher::Make(std::move(pins)));
  const ir::Graph& graph = model.module().graph;
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    if (!ParseSliceName(node.name).has_value()) continue;
    for (size_t rule = 0; rule < matcher.rules().size(); ++rule) {
      if (matcher.Matches(rule, node.name, node.domain, node.op_type)) return true;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<std::optional<Compilation>> PlanSlices(const PreparedModel& model,
                                                      const CompileOptions& options,
                                                      const Target& target,
                                                      Diagnostics& diagnostics,
                                                      const RunOptions& run) {
  const std::vector<std::vector<std::string>> ways = SlicePlacements(model.module(), target);
  if (ways.empty()) return std::optional<Compilation>();
  ALLOT_ASSIGN_OR_RETURN(const bool pinned, AreSlicesPinned(model, options, target));
  if (pinned) return std::optional<Compilation>();
  std::optional<Compilation> best;
  Diagnostics of_best;
  absl::Status failure;
  for (const std::vector<std::string>& pins : ways) {
    CompileOptions with_pins = options;
    with_pins.pins.insert(with_pins.pins.end(), pins.begin(), pins.end());
    with_pins.own_pins = pins.size();
    Diagnostics said;
    absl::StatusOr<Compilation> plan = Plan(model, with_pins, said, run);
    if (!plan.ok()) {
      failure = plan.status();
      continue;
    }
    const bool better =
        !best.has_value() || !best->plan.summary.has_value() ||
        (plan->plan.summary.has_value() && plan->plan.summary->value < best->plan.summary->value);
    if (!better) continue;
    best = *std::move(plan);
    of_best = std::move(said);
  }
  if (!best.has_value()) return failure;
  for (const Diagnostic& diagnostic : of_best.all()) diagnostics.Report(diagnostic);
  return best;
}

}  // namespace allot
