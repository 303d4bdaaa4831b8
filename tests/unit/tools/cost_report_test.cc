#include "tools/cost_report.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"

#include "api/placement_setup.h"
#include "operators/features/op_features.h"
#include "operators/inference/type_inference.h"

namespace allot {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

ir::Type Floats(int64_t rows, int64_t columns) {
  return ir::Type::Tensor(ir::ElementType::kFloat,
                          ir::Shape{ir::Dim::Known(rows), ir::Dim::Known(columns)});
}

void AddNode(ir::Graph& graph, const std::string& name, const std::string& op_type,
             const ir::Type& result) {
  ir::Node node;
  node.name = name;
  node.op_type = op_type;
  for (const ir::ValueId input : graph.inputs()) node.operands.push_back(input);
  graph.AddNode(std::move(node), {{name + "_out", result}});
}

// [64, 32] [32, 16], and an operator that nobody knows.
Compilation TwoNodes() {
  ir::Module module;
  module.opset_imports = {{"", 17}};
  module.graph.AddInput("a", Floats(64, 32));
  module.graph.AddInput("b", Floats(32, 16));
  AddNode(module.graph, "product", "MatMul", Floats(64, 16));
  AddNode(module.graph, "mystery", "Mystery", Floats(64, 16));
  Compilation compilation;
  compilation.plan.features =
      FeaturesOfGraph(module, InferConcreteTypes(module, nullptr, {}).inferred).value();
  compilation.module = std::make_shared<const ir::Module>(std::move(module));
  return compilation;
}

CompileOptions OnBuiltinTarget() {
  CompileOptions options;
  options.target = "cpu-gpu";
  return options;
}

TEST(CostReport, DividesTheTimesOfTheNodesThatMatch) {
  const Compilation compilation = TwoNodes();
  const std::string product = CostReport(compilation, OnBuiltinTarget(), "prod.*").value();
  EXPECT_THAT(product,
              AllOf(HasSubstr("'product' (MatMul) in float32: 65536 operations, as products of "
                              "[64, 32] [32, 16]\ndevice"),
                    HasSubstr("\ncpu0"), HasSubstr("\ngpu0"), Not(HasSubstr("mystery"))));
  EXPECT_THAT(CostReport(compilation, OnBuiltinTarget(), ".*").value(),
              HasSubstr("\n\n'mystery' (Mystery) in float32: 0 operations\n"));
}

// The flops model knows arithmetic alone.
TEST(CostReport, ShowsWhatTheCostModelDivides) {
  CompileOptions options = OnBuiltinTarget();
  options.cost_model = "flops";
  const Compilation compilation = TwoNodes();
  const PlacementSetup setup = MakePlacementSetup(options).value();
  const OpFeatures& features = compilation.plan.features[compilation.module->graph.nodes()[0]];
  const Picos time = setup.cost_model->OpTime(features, setup.target.devices[DeviceId(0)]).value();
  EXPECT_THAT(CostReport(compilation, options, "product").value(),
              ::testing::ContainsRegex(absl::StrFormat(
                  "cpu0 +%1$.3f us +0.000 us +0.000 us +0.000 us +%1$.3f us", ToMicros(time))));
}

TEST(CostReport, RefusesNamesThatAreNotThere) {
  EXPECT_EQ(CostReport(TwoNodes(), OnBuiltinTarget(), "produkt").status().message(),
            "--print-costs=produkt: matches no node; the expression must match a node's whole "
            "name; did you mean 'product'?");
  EXPECT_THAT(std::string(CostReport(TwoNodes(), OnBuiltinTarget(), "((").status().message()),
              HasSubstr("--print-costs"));
}

}  // namespace
}  // namespace allot
