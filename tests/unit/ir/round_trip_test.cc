#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/parse.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "tests/models/build_graph.h"
#include "tests/models/random_graph.h"
#include "tests/models/rich_module.h"

namespace allot::ir {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ParsedModule MustParse(const std::string& text, const Target* target = nullptr) {
  absl::StatusOr<ParsedModule> parsed = Parse(text, "test.mlir", target);
  EXPECT_TRUE(parsed.ok()) << parsed.status().message();
  return parsed.ok() ? *std::move(parsed) : ParsedModule();
}

// Locations of all nodes on all levels, in order.
void CollectLocations(const Graph& graph, std::vector<Location>& out) {
  for (const NodeId node : graph.nodes()) {
    out.push_back(graph.node(node).location);
    for (const Graph& body : graph.node(node).regions) CollectLocations(body, out);
  }
}
std::vector<Location> LocationsOf(const Module& module) {
  std::vector<Location> locations;
  CollectLocations(module.graph, locations);
  for (const Function& function : module.functions) CollectLocations(function.body, locations);
  return locations;
}

void ExpectRoundTrip(const Module& module) {
  Diagnostics diagnostics;
  ASSERT_TRUE(Verify(module, diagnostics).ok()) << diagnostics.ToStatus().message();
  const std::string text = Print(module);
  const ParsedModule parsed = MustParse(text);
  EXPECT_TRUE(Equal(parsed.module, module)) << text.substr(0, 10'000);
  EXPECT_EQ(Print(parsed.module), text);
  EXPECT_EQ(parsed.plan, Plan());

  PrintOptions with_locations;
  with_locations.locations = true;
  const ParsedModule located = MustParse(Print(module, with_locations));
  EXPECT_TRUE(Equal(located.module, module));
  EXPECT_EQ(LocationsOf(located.module), LocationsOf(module));
}

TEST(RoundTripTest, SmallModels) {
  ExpectRoundTrip(testing::Chain(3));
  ExpectRoundTrip(testing::Diamond());
  ExpectRoundTrip(testing::NestedIf());
  ExpectRoundTrip(testing::WithFunctions());
  ExpectRoundTrip(testing::SmallCnn());
}

TEST(RoundTripTest, EveryFieldOfEveryStructure) { ExpectRoundTrip(testing::RichModule()); }

TEST(RoundTripTest, EmptyGraph) {
  testing::ModuleBuilder m;
  ExpectRoundTrip(std::move(m).Finish({}));
}

TEST(RoundTripTest, RandomModels) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    testing::RandomGraphOptions options;
    options.seed = seed;
    options.nodes = static_cast<int>(seed % 40);
    options.window = static_cast<int>(seed % 9) + 1;
    ExpectRoundTrip(testing::RandomModule(options));
  }
}

// Ids of a compacted graph survive, so that plans keep their meaning.
TEST(RoundTripTest, IdsStayTheSame) {
  const Module module = testing::RichModule();
  const Module parsed = MustParse(Print(module)).module;
  ASSERT_EQ(parsed.graph.node_id_bound(), module.graph.node_id_bound());
  for (const NodeId node : module.graph.nodes()) {
    EXPECT_EQ(parsed.graph.node(node).name, module.graph.node(node).name);
    EXPECT_EQ(parsed.graph.node(node).operands, module.graph.node(node).operands);
    EXPECT_EQ(parsed.graph.node(node).captures, module.graph.node(node).captures);
  }
}

TEST(RoundTripTest, Plan) {
  const Target target = testing::TwoDevices();
  for (const Module& module : {testing::Diamond(), testing::NestedIf(), testing::RichModule()}) {
    for (const Plan& plan :
         {testing::FullPlan(module.graph), testing::FullPlanWithLanes(module.graph)}) {
      PrintOptions options;
      options.plan = &plan;
      options.target = &target;
      const std::string text = Print(module, options);
      const ParsedModule parsed = MustParse(text, &target);
      EXPECT_TRUE(Equal(parsed.module, module));
      EXPECT_EQ(parsed.plan, plan) << text.substr(0, 10'000);
    }
  }
}

TEST(RoundTripTest, PlanOfEveryStage) {
  const Target target = testing::TwoDevices();
  testing::ModuleBuilder m;
  const ValueId constant = m.Constant(testing::Int64Constant({1}));
  const Module module = std::move(m).Finish({constant});
  const Plan full = testing::FullPlan(module.graph);  // its only node travels: no clusters at all
  std::vector<Plan> stages(4);
  stages[1].features = full.features;
  stages[1].value_bytes = full.value_bytes;
  stages[2].kernel_of = full.kernel_of;
  stages[2].cluster_of = full.cluster_of;
  stages[3] = full;
  for (const Plan& plan : stages) {
    PrintOptions options;
    options.plan = &plan;
    options.target = &target;
    EXPECT_EQ(MustParse(Print(module, options), &target).plan, plan);
  }
}

TEST(PrintTest, PrintsEqualBytesOnce) {
  testing::ModuleBuilder m;
  const ValueId a = m.Initializer("a", testing::FloatConstant({4}, 7));
  const ValueId b = m.Initializer("b", testing::FloatConstant({4}, 7));
  const Module module = std::move(m).Finish({a, b});
  const std::string text = Print(module);
  EXPECT_THAT(text, HasSubstr("blob0"));
  EXPECT_THAT(text, Not(HasSubstr("blob1")));
  ExpectRoundTrip(module);
}

TEST(PrintTest, ElidesLargeConstantsOnRequest) {
  PrintOptions options;
  options.elide_larger_than = 64;
  const std::string text = Print(testing::SmallCnn(), options);
  EXPECT_THAT(text, HasSubstr("dense_resource<__elided__> : tensor<8x3x3x3xf32>"));
  EXPECT_THAT(text, HasSubstr("%conv.b = \"onnx.Initializer\"() {onnx.outputs = [\"conv.b\"], "
                              "value = dense_resource<blob0>"));
  const absl::StatusOr<ParsedModule> parsed = Parse(text, "cnn.mlir", nullptr);
  ASSERT_FALSE(parsed.ok());
  EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("left out"));
}

}  // namespace
}  // namespace allot::ir
