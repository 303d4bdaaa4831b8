#include "lowering/emitters/training_json.h"

#include <utility>
#include <vector>

#include "ir/node_name.h"
#include "lowering/emitters/micros.h"

namespace allot {
namespace {

// Nodes of each part, as clusters follow each other in the plan's order.
std::vector<std::vector<ir::NodeId>> NodesOfParts(const ir::Module& module, const ir::Plan& plan) {
  IdVector<ir::ClusterId, std::vector<ir::NodeId>> of_cluster(plan.num_clusters());
  for (const ir::NodeId node : module.graph.nodes()) {
    if (plan.cluster_of[node].valid()) of_cluster[plan.cluster_of[node]].push_back(node);
  }
  std::vector<std::vector<ir::NodeId>> of_part(plan.parts.size());
  for (const ir::ClusterId cluster : plan.order) {
    std::vector<ir::NodeId>& nodes = of_part[static_cast<size_t>(plan.part_of[cluster].index())];
    nodes.insert(nodes.end(), of_cluster[cluster].begin(), of_cluster[cluster].end());
  }
  return of_part;
}

Json BoundJson(Picos bound) { return bound > 0 ? Micros(bound) : Json(nullptr); }

}  // namespace

Json::Object TrainingJson(const ir::Module& module, const Target& target, const ir::Plan& plan) {
  const ir::Training& training = *plan.training;
  const std::vector<std::vector<ir::NodeId>> nodes = NodesOfParts(module, plan);
  Json::Array stages;
  for (size_t i = 0; i < training.stages.size(); ++i) {
    const ir::TrainingStage& stage = training.stages[i];
    Json::Object object = {{"device", target.devices[stage.device].name},
                           {"nodes", static_cast<int64_t>(nodes[i].size())}};
    if (!nodes[i].empty()) {
      object.emplace_back("first", ir::NameOrPlace(module.graph.node(nodes[i].front())));
      object.emplace_back("last", ir::NameOrPlace(module.graph.node(nodes[i].back())));
    }
    object.emplace_back("forward_us", Micros(stage.forward));
    object.emplace_back("backward_us", Micros(stage.backward));
    object.emplace_back("update_us", Micros(stage.update));
    object.emplace_back("recomputes", stage.recomputes);
    object.emplace_back("in_flight", stage.in_flight);
    object.emplace_back("weight_bytes", stage.weights);
    object.emplace_back("gradient_bytes", stage.gradients);
    object.emplace_back("optimizer_bytes", stage.optimizer);
    object.emplace_back("kept_bytes_per_microbatch", stage.kept);
    object.emplace_back("activation_bytes", stage.activations);
    object.emplace_back("working_bytes", stage.working);
    object.emplace_back("memory_bytes", stage.Memory());
    object.emplace_back("device_memory_bytes", target.devices[stage.device].memory);
    stages.push_back(std::move(object));
  }
  return Json::Object{
      {"schedule", "1f1b"},
      {"microbatches", training.microbatches},
      {"optimizer", training.optimizer},
      {"recompute", training.recompute},
      {"parameters", training.parameters},
      {"iteration_us", Micros(training.iteration)},
      {"period_us", Micros(training.period)},
      {"bubble", static_cast<double>(training.BubblePermille()) / 1000},
      {"bounds",
       Json::Object{
           {"of_ranges", Json::Object{{"iteration_us", BoundJson(training.iteration_bound)},
                                      {"period_us", BoundJson(training.period_bound)}}},
           {"of_placements", Json::Object{{"iteration_us", BoundJson(training.any_iteration_bound)},
                                          {"period_us", BoundJson(training.any_period_bound)}}}}},
      {"stages", std::move(stages)}};
}

Json::Array TrainingSteps(const ir::Training& training) {
  Json::Array steps;
  for (const ir::TrainingStep& step : training.steps) {
    steps.push_back(Json::Array{ir::TrainingStepName(step.kind), step.stage, step.microbatch,
                                Micros(step.start), Micros(step.end)});
  }
  return steps;
}

}  // namespace allot
