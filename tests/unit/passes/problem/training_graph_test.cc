// A graph with its backward pass, as ONNX Runtime writes it: passes of an operator stay together.
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "operators/features/training_roles.h"
#include "tests/models/build_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::F32;
using ::testing::HasSubstr;
using testing::ModuleBuilder;
using testing::Planning;
using testing::SlowTarget;

// Layers of a product and a ReLU, a loss, and the gradients of all weights.
ir::Module TrainingGraph(int layers) {
  ModuleBuilder b;
  const ir::Type data = F32({64, 64});
  std::vector<std::string> names;
  std::vector<ir::ValueId> inputs = {b.Input("x", data)}, active, weights, outputs;
  const auto op = [&](const std::string& name, const char* type, std::vector<ir::ValueId> operands,
                      const char* domain = "") {
    names.push_back(name);
    return b.Op(type, std::move(operands), data, {}, domain);
  };
  for (int i = 0; i < layers; ++i) {
    weights.push_back(b.Weight(absl::StrCat("w", i), {64, 64}));
    const ir::ValueId product =
        op(absl::StrCat("/layer", i, "/MatMul"), "MatMul", {inputs.back(), weights.back()});
    active.push_back(op(absl::StrCat("/layer", i, "/Relu"), "Relu", {product}));
    inputs.push_back(active.back());
  }
  ir::ValueId gradient = op("/loss/Neg_Grad/Neg_0", "Neg", {active.back()});
  for (int i = layers; i-- > 0;) {
    const auto layer = static_cast<size_t>(i);
    gradient = op(absl::StrCat("/layer", i, "/Relu_Grad/ReluGrad_0"), "ReluGrad",
                  {gradient, active[layer]}, "com.microsoft");
    outputs.push_back(
        op(absl::StrCat("/layer", i, "/MatMul_Grad/Gemm_1"), "MatMul", {inputs[layer], gradient}));
    gradient =
        op(absl::StrCat("/layer", i, "/MatMul_Grad/Gemm_0"), "MatMul", {gradient, weights[layer]});
  }
  for (size_t i = 0; i < names.size(); ++i) {
    b.graph().mutable_node_name(ir::NodeId(i)) = names[i];
  }
  return std::move(b).Finish(std::move(outputs));
}

TEST(TrainingGraphTest, PassesOfAnOperatorShareADevice) {
  Planning planning(TrainingGraph(6), SlowTarget(3));
  planning.context.objective = ir::Objective::kThroughput;
  const absl::Status status = planning.Run(
      "infer-shapes,estimate-cost,coarsen,split-modularity,place{replicas=false},refine{replicas="
      "false},form-parts,schedule{replicas=false}");
  ASSERT_TRUE(status.ok()) << status;
  const ir::Graph& graph = planning.module.graph;
  const TrainingRoles roles = FindTrainingRoles(graph);
  EXPECT_EQ(roles.backward, 19);
  int checked = 0;
  for (const ir::NodeId node : graph.nodes()) {
    if (!roles.forward_of[node].valid()) continue;
    EXPECT_EQ(planning.plan.DeviceOf(node), planning.plan.DeviceOf(roles.forward_of[node]))
        << graph.node(node).name;
    ++checked;
  }
  EXPECT_GE(checked, 18);
  // The plan divides them all the same.
  std::set<DeviceId> used(planning.plan.device_of.begin(), planning.plan.device_of.end());
  EXPECT_GT(used.size(), 1U);
  bool said = false;
  for (const Diagnostic& note : planning.diagnostics.all()) {
    said = said || note.message.find("12 nodes forward, 19 backward") != std::string::npos;
  }
  EXPECT_TRUE(said);
}

TEST(TrainingGraphTest, AddsNoSecondBackwardPass) {
  Planning planning(TrainingGraph(2));
  planning.context.objective = ir::Objective::kThroughput;
  const absl::Status status =
      planning.Run("infer-shapes,estimate-cost,coarsen,split-modularity,place-training");
  EXPECT_THAT(std::string(status.message()), HasSubstr("has its backward pass already (7 nodes"));
}

}  // namespace
}  // namespace allot
