// Training plans of transformers: memory against counts from their sizes, colocation, and what is
// refused.
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/parse.h"
#include "ir/print.h"
#include "tests/models/build_graph.h"
#include "tests/models/transformer_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::BertGraph;
using testing::F32;
using testing::GptGraph;
using ::testing::HasSubstr;
using testing::ModuleBuilder;
using testing::Planning;
using testing::SampleTarget;
using testing::TransformerSizes;

std::string Passes(const std::string& options) {
  return "infer-shapes,estimate-cost,coarsen,split-modularity,place-training{" + options +
         "},schedule{replicas=false},explain{work=0},explain-training";
}

absl::Status Train(Planning& planning, const std::string& options) {
  planning.context.objective = ir::Objective::kThroughput;
  return planning.Run(Passes(options));
}

// What the textbook says of a layer, in numbers of 32 bits for a microbatch: inputs of the four
// products and of the products within attention, the shares, the activation and its operand, the
// operands of two norms with their mean and deviation.
int64_t KeptByLayer(const TransformerSizes& s) {
  const int64_t rows = s.batch * s.tokens, square = s.batch * s.heads * s.tokens * s.tokens;
  const int64_t inputs = rows * (s.width + 3 * s.width + s.width + s.width + 4 * s.width);
  const int64_t activation = 4 * rows * s.width, norms = 2 * rows * (s.width + 2);
  return inputs + square + activation + norms;
}

int64_t ParametersOfLayer(const TransformerSizes& s) {
  return 12 * s.width * s.width + 13 * s.width;
}

// An independent count of what a stage keeps: it walks the operators of these models only.
int64_t KeptByNodes(const Planning& planning, ir::PartId part) {
  const ir::Graph& graph = planning.module.graph;
  std::set<std::string> kept;
  int64_t bytes = 0;
  const auto name = [&](ir::ValueId value) {
    // Reshapes and their operands are the same bytes.
    while (graph.value(value).producer.valid() &&
           graph.node(graph.value(value).producer).op_type == "Reshape") {
      value = graph.node(graph.value(value).producer).operands[0];
    }
    return value;
  };
  const auto keep = [&](ir::ValueId value) {
    const ir::ValueId root = name(value);
    const bool constant =
        graph.value(root).constant.valid() ||
        (graph.value(root).producer.valid() &&
         graph.node(graph.value(root).producer).op_type == "Transpose" &&
         graph.value(graph.node(graph.value(root).producer).operands[0]).constant.valid());
    if (constant || !kept.insert(graph.value(root).name).second) return;
    bytes += planning.plan.value_bytes[root];
  };
  for (const ir::NodeId id : graph.nodes()) {
    if (planning.plan.PartOf(id) != part) continue;
    const ir::Node& node = graph.node(id);
    if (node.op_type == "MatMul") keep(node.operands[0]), keep(node.operands[1]);
    if (node.op_type == "Softmax") keep(node.results[0]);
    if (node.op_type == "Gelu") keep(node.operands[0]);
    if (node.op_type == "Gather") keep(node.operands[1]);
    if (node.op_type == "LayerNormalization") {
      keep(node.operands[0]);
      const ir::Shape& shape = *graph.value(node.results[0]).type.shape;
      bytes += 2 * 4 * shape[0].size * shape[1].size;
    }
  }
  return bytes;
}

// Weights that a stage's operators use, and how many numbers of them are trained.
int64_t ParametersOfNodes(const Planning& planning, ir::PartId part) {
  const ir::Graph& graph = planning.module.graph;
  std::set<std::string> seen;
  int64_t numbers = 0;
  const auto add = [&](ir::ValueId value) {
    if (graph.value(value).producer.valid() &&
        graph.node(graph.value(value).producer).op_type == "Transpose") {
      value = graph.node(graph.value(value).producer).operands[0];
    }
    const ir::ConstantId constant = graph.value(value).constant;
    if (!constant.valid() || !seen.insert(graph.value(value).name).second) return;
    const ir::Constant& of = planning.module.constants[constant];
    int64_t elements = 1;
    for (const int64_t dim : of.dims) elements *= dim;
    const std::string& name = graph.value(value).name;
    if (of.element == ir::ElementType::kFloat && elements > 1 && name != "mask") {
      numbers += elements;
    }
  };
  for (const ir::NodeId id : graph.nodes()) {
    if (planning.plan.PartOf(id) != part) continue;
    for (const ir::ValueId operand : graph.node(id).operands) add(operand);
  }
  return numbers;
}

// The tensors of the operator with the largest ones, all but its weights.
int64_t LargestOperator(const Planning& planning, size_t part) {
  const ir::Graph& graph = planning.module.graph;
  int64_t largest = 0;
  for (const ir::NodeId id : graph.nodes()) {
    if (planning.plan.PartOf(id) != ir::PartId(part)) continue;
    int64_t bytes = 0;
    for (const ir::ValueId result : graph.node(id).results) {
      bytes += planning.plan.value_bytes[result];
    }
    for (const ir::ValueId operand : graph.node(id).operands) {
      if (graph.value(operand).producer.valid()) bytes += planning.plan.value_bytes[operand];
    }
    largest = std::max(largest, bytes);
  }
  return largest;
}

void ExpectCounts(const Planning& planning) {
  ASSERT_TRUE(planning.plan.training.has_value());
  const ir::Training& training = *planning.plan.training;
  ASSERT_EQ(training.stages.size(), planning.plan.parts.size());
  for (size_t s = 0; s < training.stages.size(); ++s) {
    SCOPED_TRACE(s);
    const ir::TrainingStage& stage = training.stages[s];
    const int64_t parameters = ParametersOfNodes(planning, ir::PartId(s));
    const int64_t kept = KeptByNodes(planning, ir::PartId(s));
    const auto in_flight =
        std::min<int64_t>(training.microbatches, static_cast<int64_t>(training.stages.size() - s));
    EXPECT_EQ(stage.in_flight, in_flight);
    EXPECT_EQ(stage.gradients, 4 * parameters);
    EXPECT_EQ(stage.optimizer, 8 * parameters);
    EXPECT_EQ(stage.kept, kept);
    const double counted =
        static_cast<double>(16 * parameters + kept * in_flight + LargestOperator(planning, s));
    EXPECT_NEAR(static_cast<double>(stage.Memory()) / counted, 1.0, 0.1);
  }
}

TEST(PlaceTrainingTest, BertHoldsWhatItsSizesSay) {
  const TransformerSizes sizes;
  Planning planning(BertGraph(sizes), SampleTarget("homogeneous-8gpu"));
  const absl::Status status = Train(planning, "microbatches=6 max-stages=4 recompute=no");
  ASSERT_TRUE(status.ok()) << status;
  ExpectCounts(planning);
  const ir::Training& training = *planning.plan.training;
  const int64_t h = sizes.width;
  EXPECT_EQ(training.parameters, sizes.layers * ParametersOfLayer(sizes) +
                                     (sizes.vocabulary + sizes.tokens + 2) * h + 2 + 2 * h);
  // All stages together keep what all layers do, but for tensors that two stages keep.
  int64_t kept = 0;
  for (const ir::TrainingStage& stage : training.stages) kept += stage.kept;
  const double layers = 4.0 * static_cast<double>(sizes.layers * KeptByLayer(sizes));
  EXPECT_NEAR(static_cast<double>(kept) / layers, 1.0, 0.1);
}

TEST(PlaceTrainingTest, GptHoldsWhatItsSizesSay) {
  const TransformerSizes sizes;
  Planning planning(GptGraph(sizes), SampleTarget("homogeneous-8gpu"));
  const absl::Status status = Train(planning, "microbatches=6 max-stages=4 recompute=no");
  ASSERT_TRUE(status.ok()) << status;
  ExpectCounts(planning);
  // The table is trained once, wherever it is used; the mask is not.
  EXPECT_EQ(planning.plan.training->parameters,
            sizes.layers * ParametersOfLayer(sizes) +
                (sizes.vocabulary + sizes.tokens) * sizes.width + 2 * sizes.width);
}

TEST(PlaceTrainingTest, OperatorsAreWithTheirBackwardPasses) {
  Planning planning(BertGraph({}), SampleTarget("dual-socket-4gpu"));
  const absl::Status status = Train(planning, "microbatches=4");
  ASSERT_TRUE(status.ok()) << status;
  const ir::Plan& plan = planning.plan;
  ASSERT_TRUE(plan.training.has_value());
  std::set<DeviceId> used;
  for (size_t s = 0; s < plan.training->stages.size(); ++s) {
    const DeviceId device = plan.training->stages[s].device;
    EXPECT_TRUE(used.insert(device).second);
    EXPECT_EQ(plan.parts[ir::PartId(s)].device, device);
  }
  for (const ir::ClusterId cluster : plan.part_of.ids()) {
    EXPECT_EQ(plan.device_of[cluster], plan.parts[plan.part_of[cluster]].device);
  }
  EXPECT_EQ(plan.summary->value, plan.training->iteration);
  EXPECT_LE(plan.summary->lower_bound, plan.summary->value);
  EXPECT_GT(plan.summary->lower_bound, 0);
  for (const std::string& reason : plan.reasons) EXPECT_THAT(reason, HasSubstr("stage "));
}

TEST(PlaceTrainingTest, LayersCanStayWhole) {
  const TransformerSizes sizes;
  Planning planning(BertGraph(sizes), SampleTarget("homogeneous-8gpu"));
  const absl::Status status = Train(planning, "microbatches=8 max-stages=4 whole-layers=true");
  ASSERT_TRUE(status.ok()) << status;
  // Every stage has as many of each product of a layer.
  for (const ir::PartId part : planning.plan.parts.ids()) {
    int64_t softmax = 0, gelu = 0;
    for (const ir::NodeId node : planning.module.graph.nodes()) {
      if (planning.plan.PartOf(node) != part) continue;
      softmax += planning.module.graph.node(node).op_type == "Softmax" ? 1 : 0;
      gelu += planning.module.graph.node(node).op_type == "Gelu" ? 1 : 0;
    }
    EXPECT_EQ(softmax, gelu);
  }
}

TEST(PlaceTrainingTest, OptimizersAndFrozenWeightsCount) {
  const auto memory = [](const std::string& options) {
    Planning planning(BertGraph({}), SampleTarget("cpu-2gpu"));
    const absl::Status status = Train(planning, "max-stages=1 " + options);
    EXPECT_TRUE(status.ok()) << status;
    return planning.plan.training->stages[0];
  };
  const ir::TrainingStage adam = memory(""), sgd = memory("optimizer=sgd");
  EXPECT_EQ(adam.optimizer, 2 * adam.gradients);
  EXPECT_EQ(sgd.optimizer, 0);
  EXPECT_EQ(sgd.gradients, adam.gradients);
  const ir::TrainingStage frozen = memory("freeze='table|positions|embedding.*|layer[0-5].*'");
  EXPECT_EQ(frozen.weights, adam.weights);
  EXPECT_LT(frozen.gradients, adam.gradients / 2);
  EXPECT_LT(frozen.kept, adam.kept / 2);
  EXPECT_LT(frozen.backward, adam.backward);
}

TEST(PlaceTrainingTest, PlansReadBackAsTheyWere) {
  Planning planning(BertGraph({}), SampleTarget("cpu-2gpu"));
  const absl::Status status = Train(planning, "microbatches=3");
  ASSERT_TRUE(status.ok()) << status;
  ir::PrintOptions options;
  options.plan = &planning.plan;
  options.target = &planning.target;
  const std::string text = ir::Print(planning.module, options);
  EXPECT_THAT(text, HasSubstr("place.training"));
  const absl::StatusOr<ir::ParsedModule> read = ir::Parse(text, "plan.mlir", &planning.target);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->plan, planning.plan);
}

TEST(PlaceTrainingTest, NothingToTrainIsAnError) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({4, 4}));
  Planning planning(std::move(b).Finish({b.Op("Relu", {x}, F32({4, 4}))}));
  EXPECT_THAT(std::string(Train(planning, "").message()), HasSubstr("nothing to train"));
  for (const char* options :
       {"optimizer=lion", "recompute=maybe", "microbatches=0", "max-stages=-1"}) {
    Planning other(BertGraph({.layers = 1}));
    EXPECT_FALSE(Train(other, options).ok()) << options;
  }
  Planning shallow(BertGraph({.layers = 2}));
  EXPECT_THAT(std::string(Train(shallow, "whole-layers=true").message()), HasSubstr("no layers"));
}

}  // namespace
}  // namespace allot
