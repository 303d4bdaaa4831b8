// The published architectures against their publications: size, operators, shapes; and the whole
// flow on each.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"

#include "absl/strings/match.h"

#include "api/compile.h"
#include "examples/models/published_models.h"
#include "tests/folders.h"

namespace allot {
namespace {

using examples::FindPublishedModel;
using examples::OnnxBuilder;
using examples::PublishedModel;
using examples::PublishedModels;
using ::testing::ElementsAreArray;

struct Publication {
  const char* name;
  int64_t weights;  // as published, without auxiliary heads
  size_t nodes;
  const char* op;  // the operator that does the work, and how often
  size_t count;
  const char* tensor;          // deep inside, and its shape
  std::vector<int64_t> shape;  // -1: a size that is left to the run
};

const std::vector<Publication>& Publications() {
  static const auto& publications = *new std::vector<Publication>{
      // Llama 2 70B, and 7B with its larger sibling's grouped queries.
      {"decoder-70b",
       68'977'000'000,
       5065,
       "MatMul",
       80 * 9 + 1,
       "layer79/attention/softmax_out",
       {-1, 8, 8, -1, -1}},
      {"decoder-7b",
       5'933'000'000,
       2041,
       "MatMul",
       32 * 9 + 1,
       "layer31/attention/softmax_out",
       {-1, 8, 4, -1, -1}},
      {"decoder-medium",
       54'620'160,
       259,
       "MatMul",
       4 * 9 + 1,
       "layer3/attention/softmax_out",
       {-1, 8, 2, -1, -1}},
      {"decoder-small",
       9'541'000,
       731,
       "MatMul",
       12 * 9 + 1,
       "layer11/attention/softmax_out",
       {-1, 2, 4, -1, -1}},
      {"densenet-121", 7'978'856, 368, "Conv", 120, "norm5_out", {1, 1024, 7, 7}},
      {"googlenet", 6'998'552, 142, "Conv", 57, "inception_5b/output_out", {1, 1024, 7, 7}},
      {"inception-v3", 23'834'568, 219, "Conv", 94, "mixed_7c/output_out", {1, 2048, 8, 8}},
      {"mobilenet-v2", 3'504'872, 100, "Conv", 52, "block17/project_out", {1, 320, 7, 7}},
      {"randwire", 5'600'000, 526, "Conv", 3 * 32 * 2 + 3, "stage5/mean_out", {1, 312, 7, 7}},
      {"resnet-50", 25'557'032, 122, "Conv", 53, "layer4.2/relu_out", {1, 2048, 7, 7}},
      {"transformer-encoder",
       85'054'464,
       396,
       "MatMul",
       12 * 8,
       "layer11/attention/softmax_out",
       {1, 12, 128, 128}},
      // A quarter of 35.7 million: half the width.
      {"unet",
       8'925'000,
       613,
       "InstanceNormalization",
       22 * 2 + 6 + 1,
       "middle/block1/add_out",
       {1, 128, 4, 4}},
  };
  return publications;
}

std::optional<ir::Shape> ShapeOf(const ir::Graph& graph, const std::string& name) {
  for (size_t i = 0; i < graph.value_id_bound(); ++i) {
    const ir::Value& value = graph.value(ir::ValueId(i));
    if (value.name == name) return value.type.shape;
  }
  return std::nullopt;
}

class PublishedModelsTest : public ::testing::TestWithParam<Publication> {};

TEST_P(PublishedModelsTest, HasThePublishedShapeAndPlaces) {
  const Publication& published = GetParam();
  const PublishedModel* model = FindPublishedModel(published.name);
  ASSERT_NE(model, nullptr);
  const std::string path = std::string(kBuildFolder) + "/published-" + published.name + ".onnx";
  ASSERT_TRUE(model->make().Save(path));
  CompileOptions options;
  options.target = "cpu-2gpu";
  options.objective = ir::Objective::kThroughput;
  options.strict_shapes = true;
  const bool decoder = absl::StartsWith(published.name, "decoder");
  if (decoder) {
    options.dims = {"batch=2", "tokens=1", "past=300"};
  }
  Diagnostics diagnostics;
  const absl::StatusOr<Compilation> compilation = Compile(path, options, diagnostics);
  std::remove(path.c_str());
  ASSERT_TRUE(compilation.ok()) << compilation.status();

  const ir::Graph& graph = compilation->module->graph;
  EXPECT_EQ(graph.num_nodes(), published.nodes);
  size_t count = 0;
  for (const ir::NodeId node : graph.nodes()) count += graph.node(node).Is(published.op);
  EXPECT_EQ(count, published.count);

  for (size_t i = 0; i < graph.value_id_bound(); ++i) {
    const ir::Value& value = graph.value(ir::ValueId(i));
    if (!value.name.empty()) {
      EXPECT_TRUE(decoder ? value.type.shape.has_value() : value.type.is_static()) << value.name;
    }
  }
  const std::optional<ir::Shape> shape = ShapeOf(graph, published.tensor);
  ASSERT_TRUE(shape.has_value()) << published.tensor;
  std::vector<int64_t> sizes;
  for (const ir::Dim& dim : *shape) sizes.push_back(dim.size);
  EXPECT_THAT(sizes, ElementsAreArray(published.shape));

  int64_t weights = 0;
  for (const ir::ValueId id : graph.initializers()) {
    const ir::Type& type = graph.value(id).type;
    const bool real =
        type.element == ir::ElementType::kFloat || type.element == ir::ElementType::kFloat16;
    if (real) weights += *ir::NumElements(*type.shape);
  }
  EXPECT_NEAR(static_cast<double>(weights), static_cast<double>(published.weights),
              0.02 * static_cast<double>(published.weights));

  const ir::Plan& plan = compilation->plan;
  ASSERT_TRUE(plan.summary.has_value());
  EXPECT_GT(plan.summary->value, 0);
  EXPECT_LE(plan.summary->lower_bound, plan.summary->value);
}

INSTANTIATE_TEST_SUITE_P(All, PublishedModelsTest, ::testing::ValuesIn(Publications()),
                         [](const auto& test) {
                           std::string name = test.param.name;
                           for (char& c : name) {
                             if (c == '-') c = '_';
                           }
                           return name;
                         });

TEST(PublishedModels, AllAreTestedAndFoundByName) {
  ASSERT_EQ(PublishedModels().size(), Publications().size());
  for (const Publication& published : Publications()) {
    EXPECT_NE(FindPublishedModel(published.name), nullptr) << published.name;
  }
  EXPECT_EQ(FindPublishedModel("alexnet"), nullptr);
}

TEST(PublishedModels, TheSameCallsGiveTheSameBytes) {
  for (const char* name : {"mobilenet-v2", "randwire"}) {
    const PublishedModel& model = *FindPublishedModel(name);
    OnnxBuilder first = model.make(), second = model.make();
    EXPECT_EQ(first.model().SerializeAsString(), second.model().SerializeAsString()) << name;
  }
}

// Frozen: another machine that gives other numbers would measure another model.
TEST(PublishedModels, WeightsAreTheSameOnEveryMachine) {
  OnnxBuilder net("weights", 17);
  net.Weight("w", {4}, 0.5, 1.0);
  const std::string& raw = net.graph().initializer(0).raw_data();
  std::vector<uint32_t> bits(4);
  ASSERT_EQ(raw.size(), bits.size() * sizeof(uint32_t));
  std::memcpy(bits.data(), raw.data(), raw.size());
  EXPECT_THAT(bits, ::testing::ElementsAre(1068461767, 1065781495, 3190503239, 1064283401));
}

TEST(PublishedModels, WeightsHaveTheDeviationAndMeanAskedFor) {
  OnnxBuilder net("weights", 17);
  constexpr int kCount = 100'000;
  net.Weight("w", {kCount}, 0.5, 2.0);
  const std::string& raw = net.graph().initializer(0).raw_data();
  std::vector<float> values(kCount);
  ASSERT_EQ(raw.size(), values.size() * sizeof(float));
  std::memcpy(values.data(), raw.data(), raw.size());
  double sum = 0, squares = 0;
  for (const float value : values) {
    sum += value;
    squares += (value - 2.0) * (value - 2.0);
  }
  EXPECT_NEAR(sum / kCount, 2.0, 0.01);
  EXPECT_NEAR(std::sqrt(squares / kCount), 0.5, 0.01);
}

}  // namespace
}  // namespace allot
