#include "tools/design_stages.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "design/report/why.h"
#include "ir/type.h"
#include "passes/pipeline/analyses.h"
#include "passes/problem/cluster_problem.h"
#include "placement/parts/parts.h"
#include "support/status.h"
#include "target/target_json.h"
#include "tools/program_registries.h"
#include "tools/text_table.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

constexpr char kPass[] = "take-stages";

// A plan pass that puts every node where a design has it: device s is stage s.
class TakeStages final : public PlanPass {
 public:
  explicit TakeStages(IdVector<ir::NodeId, int32_t> stage_of) : stage_of_(std::move(stage_of)) {}

  ir::PlanStage writes() const override { return ir::PlanStage::kPlacement; }

  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext& context) const override {
    ALLOT_ASSIGN_OR_RETURN(const auto built, Analysis<ClusterProblem>(module, plan, context));
    const PlacementProblem& problem = built->problem;
    plan.summary.emplace();
    plan.summary->objective = context.objective;
    plan.summary->solver = "design";
    plan.summary->devices.resize(context.target->devices.size());
    PartedSolution solution;
    if (problem.items.empty()) {
      StoreSolution(solution, plan);
      return absl::OkStatus();
    }
    // Stages never fall along a flow.
    IdVector<ItemId, int32_t> stage(problem.items.size(), 0);
    for (const ItemId item : built->graph.topological) {
      for (const ir::NodeId node : built->nodes[item]) {
        stage[item] = std::max(stage[item], stage_of_[node]);
      }
      for (const ItemId before : built->graph.predecessors[item]) {
        stage[item] = std::max(stage[item], stage[before]);
      }
    }
    std::map<int32_t, ItemId> part_of;  // stages without nodes are left out
    for (const int32_t each : stage) part_of.emplace(each, ItemId());
    for (auto& [each, part] : part_of) part = ItemId(solution.parts.num_parts++);
    for (const ItemId item : problem.items.ids()) {
      solution.items.device_of.Add(DeviceId(stage[item]));
      solution.parts.part_of.Add(part_of.at(stage[item]));
    }
    solution.items.order = built->graph.topological;
    std::stable_sort(solution.items.order.begin(), solution.items.order.end(),
                     [&](ItemId a, ItemId b) { return stage[a] < stage[b]; });
    solution.score = EvaluateParts(problem, solution.items, solution.parts);
    for (const DeviceId device : problem.devices.ids()) {
      if (solution.score.peak[device] <= problem.devices[device].memory) continue;
      return InputError(
          "its ", problem.devices[device].name, " needs ", Size(solution.score.peak[device]),
          " for one sample as the model stores it, of ", Size(problem.devices[device].memory),
          ": allow more memory by --hbm, or store weights in fewer bits");
    }
    StoreSolution(solution, plan);
    plan.summary->value = solution.score.objective;
    return absl::OkStatus();
  }

 private:
  const IdVector<ir::NodeId, int32_t> stage_of_;
};

Entry<PlanPass> TakeStagesEntry(const IdVector<ir::NodeId, int32_t>& stage_of) {
  Entry<PlanPass> entry;
  entry.name = kPass;
  entry.summary = "place every node in the stage that a design has for it";
  entry.make = [stage_of](absl::string_view) -> absl::StatusOr<std::unique_ptr<PlanPass>> {
    return std::make_unique<TakeStages>(stage_of);
  };
  entry.normalize = [](absl::string_view) -> absl::StatusOr<std::string> { return ""; };
  return entry;
}

// By node, the stage of its layer.
IdVector<ir::NodeId, int32_t> StageOfNodes(const ir::Graph& graph, const design::LayerGraph& model,
                                           const std::vector<design::PlannedStage>& stages) {
  std::vector<int32_t> stage_of_layer(model.num_layers(), 0);
  for (size_t stage = 0; stage < stages.size(); ++stage) {
    for (const int32_t layer : stages[stage].layers) {
      stage_of_layer[static_cast<size_t>(layer)] = static_cast<int32_t>(stage);
    }
  }
  IdVector<ir::NodeId, int32_t> stage_of(graph.node_id_bound(), 0);
  size_t place = 0;
  for (const ir::NodeId node : graph.nodes()) {
    stage_of[node] = stage_of_layer[static_cast<size_t>(model.layer_of[place++])];
  }
  return stage_of;
}

// Of an element of the weights, the largest there are.
double WordBytes(const ir::Module& module) {
  int64_t bits = 0;
  for (const ir::ConstantId id : module.constants.ids()) {
    const ir::Constant& constant = module.constants[id];
    constexpr Bytes kFewest = 1024;  // what is smaller are sizes and scales
    if (constant.bytes() > kFewest) bits = std::max<int64_t>(bits, ir::BitWidth(constant.element));
  }
  constexpr double kBitsOfByte = 8;
  return static_cast<double>(bits) / kBitsOfByte;
}

}  // namespace

std::vector<std::string> StageFolders(const std::vector<std::string>& paths) {
  std::map<std::string, int> seen;
  std::vector<std::string> folders;
  for (const std::string& path : paths) {
    std::string name = fs::path(path).stem().string();
    if (name.empty() || name == "-") name = "model";
    const int before = seen[name]++;
    folders.push_back(before == 0 ? name : absl::StrCat(name, "-", before + 1));
  }
  return folders;
}

absl::Status WriteStages(const design::Report& report, size_t model, const PreparedModel& prepared,
                         const std::vector<std::string>& dims, int64_t default_dim,
                         const std::string& folder) {
  const design::Question& question = report.search.question();
  const size_t best = report.result.ranking[0];
  const design::Why why =
      design::Explain(report.search, model, best, report.result.outcomes.at(best).plans[model]);
  const ir::Module& module = prepared.module();
  const std::string target = design::StagesTargetText(report, model, WordBytes(module));
  Registries registries = ProgramRegistries();
  registries.passes.plan_passes.Add(
      TakeStagesEntry(StageOfNodes(module.graph, question.models[model], why.stages)));
  CompileOptions options;
  options.registries = &registries;
  options.dims = dims;
  options.default_dim = default_dim;
  options.objective = question.objective == design::Objective::kLatency
                          ? ir::Objective::kLatency
                          : ir::Objective::kThroughput;
  ALLOT_ASSIGN_OR_RETURN(options.machine, ParseTarget(target, "stages"));
  options.target = "target.json";
  options.pipeline = absl::StrCat("estimate-cost,coarsen{max-items=", module.graph.num_nodes() + 1,
                                  "},", kPass, ",schedule{replicas=false},explain");
  Diagnostics said;
  ALLOT_ASSIGN_OR_RETURN(const Compilation compilation, Plan(prepared, options, said));
  OutputOptions output;
  output.emit = {"parts", "annotated", "manifest", "plan"};
  return compilation.Write(folder, output).status();
}

}  // namespace allot
