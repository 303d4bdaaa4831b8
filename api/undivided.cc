#include "api/undivided.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "ir/rows_metadata.h"
#include "passes/pipeline/analyses.h"
#include "passes/problem/cluster_problem.h"
#include "passes/splitting/slice_name.h"
#include "placement/lanes/lanes.h"
#include "placement/parts/ordered_cuts.h"
#include "support/json.h"
#include "support/status.h"
#include "target/rule.h"

namespace allot {
namespace {

constexpr absl::string_view kDividing[] = {"split-operators", "divide-rows"};

bool Divides(const PipelineStep& step) {
  return std::find(std::begin(kDividing), std::end(kDividing), step.name) != std::end(kDividing);
}

std::optional<Picos> ValueOf(const std::optional<PartedSolution>& solution) {
  if (!solution.has_value() || !solution->score.feasible) return std::nullopt;
  return solution->score.objective;
}

std::vector<ir::Baseline> ByHand(const BuiltProblem& built) {
  const PlacementProblem& problem = built.problem;
  std::vector<ir::Baseline> baselines;
  for (const DeviceId device : problem.devices.ids()) {
    baselines.push_back({absl::StrCat("single:", problem.devices[device].name),
                         ValueOf(CopyOn(problem, built.graph, device))});
  }
  baselines.push_back({"ranges", ValueOf(BestRanges(problem, built.graph))});
  if (problem.objective != PlacementObjective::kThroughput) return baselines;
  const Lanes copies = CopiesOf(problem, built.graph);
  ir::Baseline& last = baselines.emplace_back();
  last.name = "copies";
  if (!copies.lanes.empty()) last.value = CombineScores(problem, copies).period;
  return baselines;
}

}  // namespace

bool MayDivide(const Pipeline& pipeline) {
  return std::any_of(pipeline.steps.begin(), pipeline.steps.end(), Divides);
}

bool IsDivided(const ir::Module& module) {
  for (const auto& [key, value] : module.metadata) {
    if (key != ir::kRowsMetadata) continue;
    const absl::StatusOr<Json> rows = ParseJson(value);
    const Json* divided = rows.ok() ? rows->Find("divided") : nullptr;
    if (divided != nullptr && *divided == Json(true)) return true;
  }
  const std::vector<ir::NodeId> nodes = module.graph.nodes();
  return std::any_of(nodes.begin(), nodes.end(), [&](ir::NodeId node) {
    return ParseSliceName(module.graph.node(node).name).has_value();
  });
}

absl::StatusOr<std::vector<ir::Baseline>> UndividedBaselines(ir::Module module,
                                                             const std::string& shown,
                                                             const CompileOptions& options,
                                                             const PlacementSetup& setup) {
  ALLOT_ASSIGN_OR_RETURN(Pipeline pipeline,
                         ParsePipeline(PipelineText(options), options.AllRegistries().passes));
  // All before something is placed.
  std::vector<PipelineStep>& steps = pipeline.steps;
  const auto placing = std::find_if(steps.begin(), steps.end(), [](const PipelineStep& step) {
    return step.plan_pass != nullptr && step.plan_pass->writes() >= ir::PlanStage::kPlacement;
  });
  steps.erase(placing, steps.end());
  steps.erase(std::remove_if(steps.begin(), steps.end(), Divides), steps.end());

  Target target = setup.target;
  std::erase_if(target.rules, [](const Rule& rule) { return !IsRuleOfUser(rule); });
  Diagnostics said;
  PassStatistics statistics;
  Analyses analyses;
  PassContext context = setup.Context(options, said, statistics);
  context.target = &target;
  context.start = nullptr;
  context.progress = nullptr;
  context.analyses = &analyses;
  ir::Plan plan;
  ALLOT_RETURN_IF_ERROR(RunPipeline(pipeline, module, plan, context, RunOptions()), shown, ": ");
  ALLOT_ASSIGN_OR_RETURN(const auto clusters, Analysis<ClusterProblem>(module, plan, context));
  BuiltProblem built = *clusters;
  built.problem.launch_on_arrival = true;  // as when it is placed
  if (built.problem.items.empty()) return std::vector<ir::Baseline>();
  return ByHand(built);
}

}  // namespace allot
