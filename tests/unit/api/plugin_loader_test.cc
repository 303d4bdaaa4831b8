#include "api/plugin_loader.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/plugin_info.h"
#include "ir/module.h"
#include "operators/features/op_features.h"
#include "operators/inference/type_inference.h"
#include "passes/pipeline/pipeline.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string PathOf(const std::string& name) {
  return std::string(ALLOT_TEST_PLUGINS) + "/" + name + ".so";
}

// The error of loading it, without the path, and that nothing came of it.
std::string Refusal(const std::string& path) {
  Registries registries;
  const absl::Status status = LoadPlugin(path, registries);
  EXPECT_FALSE(status.ok()) << path;
  EXPECT_TRUE(registries.plugins.empty());
  EXPECT_TRUE(registries.passes.graph_passes.entries().empty());
  EXPECT_TRUE(registries.solvers.entries().empty());
  std::string message(status.message());
  EXPECT_THAT(message, StartsWith(path + ": "));
  return message.substr(std::min(message.size(), path.size() + 2));
}

Registries EveryDoor() {
  Registries registries = BuiltinRegistries();
  const absl::Status status = LoadPlugin(PathOf("every_door"), registries);
  EXPECT_TRUE(status.ok()) << status.message();
  return registries;
}

TEST(PluginLoader, SaysWhyAFileIsNoPlugin) {
  EXPECT_THAT(Refusal("nowhere/at_all.so"),
              AllOf(StartsWith("cannot be loaded: "), HasSubstr("No such file")));
  EXPECT_THAT(Refusal("at_all.so"), HasSubstr("No such file")) << "the system is not searched";
  EXPECT_THAT(Refusal("libm.so.6"), HasSubstr("No such file")) << "the system is not searched";
  const std::string text = ::testing::TempDir() + "text.so";
  std::ofstream(text) << std::string(100, 'x');
  EXPECT_THAT(Refusal(text), EndsWith("; is it a shared library for this machine?"));
  EXPECT_THAT(Refusal(PathOf("broken_symbol")),
              StartsWith("is no plug-in of Allot: it exports neither allotGetPluginInfo() nor "));
  EXPECT_THAT(
      Refusal(PathOf("broken_undefined")),
      AllOf(HasSubstr("undefined symbol: "), HasSubstr("OfAnotherVersion"),
            EndsWith("; it is built for another Allot, or without a library that it needs")));
}

TEST(PluginLoader, SaysWhyAPluginCannotBeTrusted) {
  EXPECT_EQ(Refusal(PathOf("broken_version")),
            "is made for version 77 of the plug-in interface, this program has version 2; build it "
            "again with this Allot");
  EXPECT_THAT(Refusal(PathOf("broken_build")),
              AllOf(StartsWith("is built for 'allot 0.0.1, libfoo', this program is '"),
                    HasSubstr(ALLOT_PLUGIN_BUILD), HasSubstr("; build it again")));
  EXPECT_EQ(Refusal(PathOf("broken_name")), "allotGetPluginInfo() gives no plugin_name");
  EXPECT_EQ(Refusal(PathOf("broken_own_version")), "allotGetPluginInfo() gives no plugin_version");
  EXPECT_EQ(Refusal(PathOf("broken_function")), "allotGetPluginInfo() gives no register_entries");
  EXPECT_EQ(Refusal(PathOf("broken_registers")), "registers nothing");
  EXPECT_EQ(Refusal(PathOf("broken_throws")),
            "register_entries threw an exception: no licence found; a plug-in must return its "
            "errors: please tell its authors");
}

TEST(PluginLoader, AddsBesideWhatThereIs) {
  const Registries built_in = BuiltinRegistries();
  const Registries registries = EveryDoor();
  EXPECT_EQ(registries.passes.graph_passes.entries().size(),
            built_in.passes.graph_passes.entries().size() + 1);
  EXPECT_EQ(registries.emitters.entries().size(), built_in.emitters.entries().size() + 2);
  EXPECT_TRUE(registries.emitters.Find("door-nothing")->on_request);
  ASSERT_EQ(registries.plugins.size(), 1u);
  EXPECT_EQ(registries.plugins[0].name, "every-door");
  EXPECT_EQ(registries.plugins[0].version, "2.5");
}

TEST(PluginLoader, LoadsALibraryOnce) {
  Registries registries = EveryDoor();
  EXPECT_TRUE(LoadPlugin(PathOf("every_door"), registries).ok());
  EXPECT_EQ(registries.plugins.size(), 1u);
  // The same entries from another file.
  const std::string copy = ::testing::TempDir() + "copy_of_every_door.so";
  std::filesystem::copy_file(PathOf("every_door"), copy,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(LoadPlugin(copy, registries).message(),
            copy +
                ": there is a pass 'door-rename' already, and a plug-in must not replace it; give "
                "its own another name");
}

TEST(PluginLoader, ReplacesNothing) {
  Registries registries;
  registries.passes.pipelines.push_back({.name = "door-throws"});
  EXPECT_THAT(std::string(LoadPlugin(PathOf("every_door"), registries).message()),
              HasSubstr("there is a pass 'door-throws' already"));
  EXPECT_TRUE(registries.passes.graph_passes.entries().empty());
}

TEST(PluginLoader, WhatIsMadeKeepsTheLibraryOpen) {
  std::unique_ptr<CostModel> model;
  {
    const Registries registries = EveryDoor();
    model = registries.cost_models.Find("door-cost")->make("picos=5").value();
  }
  EXPECT_EQ(*model->OpTime(OpFeatures(), Device()), 5);
}

TEST(PluginLoader, PassesRunInPipelinesAndMayThrow) {
  const Registries registries = EveryDoor();
  const absl::StatusOr<Pipeline> rename =
      ParsePipeline("door-pipeline,door-rename{to=x}", registries.passes);
  ASSERT_TRUE(rename.ok()) << rename.status();
  EXPECT_EQ(PrintPipeline(*rename),
            "builtin.module(onnx.graph(door-rename{to=renamed},door-rename{to=renamed},"
            "door-rename{to=x}))");
  ir::Module module;
  ir::Plan plan;
  PassContext context;
  Diagnostics diagnostics;
  PassStatistics statistics;
  context.diagnostics = &diagnostics;
  context.statistics = &statistics;
  EXPECT_TRUE(RunPipeline(*rename, module, plan, context, {}).ok());
  EXPECT_EQ(module.graph.name, "x");
  const Pipeline throws = ParsePipeline("door-throws", registries.passes).value();
  EXPECT_THAT(std::string(RunPipeline(throws, module, plan, context, {}).message()),
              HasSubstr("plug-in 'every-door': pass 'door-throws': threw an exception: index 7"));
  EXPECT_THAT(
      std::string(ParsePipeline("door-rename{too=1}", registries.passes).status().message()),
      HasSubstr("did you mean 'to'?"));
}

TEST(PluginLoader, SolversMayThrow) {
  const Registries registries = EveryDoor();
  const auto solver = registries.solvers.Find("door-solver")->make("").value();
  EXPECT_EQ(solver->kinds(), std::vector<absl::string_view>{kItemsKind});
  EXPECT_FALSE(solver->features().staged);
  EXPECT_FALSE(solver->portfolio().has_value());
  const PlacementProblem problem = testing::RandomProblem(1, {});
  const ProblemGraph graph = BuildGraph(problem);
  const SolveLimits limits;
  const SolveInput input{problem, graph, limits, nullptr, {}};
  EXPECT_THAT(std::string(Solve(*solver, "door-solver", input).status().message()),
              HasSubstr("plug-in 'every-door': solver 'door-solver': threw an exception"));
}

TEST(PluginLoader, TimesMustBeTimes) {
  const Registries registries = EveryDoor();
  const Entry<CostModel>* entry = registries.cost_models.Find("door-cost");
  const auto time = [entry](const char* options) {
    return entry->make(options).value()->OpTime(OpFeatures(), Device());
  };
  EXPECT_EQ(*time("picos=9223372036854"), kMaxPicos);
  EXPECT_EQ(time("picos=9223372036855").status().message(),
            "plug-in 'every-door': cost model 'door-cost': 9223372036855 ps is no time; expected 0 "
            "to 9223372036854, please tell the plug-in's authors");
  EXPECT_THAT(std::string(time("picos=-1").status().message()), HasSubstr("-1 ps is no time"));
  EXPECT_EQ(time("picos=13").status().message(),
            "plug-in 'every-door': cost model 'door-cost': 13 brings bad luck");
  EXPECT_EQ(entry->make("").value()->FusedInto(OpFeatures(), Device()), "");
  EXPECT_EQ(*entry->make("picos=7").value()->Breakdown(OpFeatures(), Device()),
            CostBreakdown{.other = 7});
}

ir::Module ModuleWith(const std::string& op_type) {
  ir::Module module;
  module.opset_imports = {{"", 17}, {"door", 1}};
  ir::Node node;
  node.domain = "door";
  node.op_type = op_type;
  const ir::Type type =
      ir::Type::Tensor(ir::ElementType::kFloat, ir::Shape{ir::Dim::Known(2), ir::Dim::Known(5)});
  node.operands = {module.graph.AddInput("x", type)};
  module.graph.AddNode(std::move(node), {{"y", ir::Type::Unknown()}});
  return module;
}

TEST(PluginLoader, OperatorsHaveTypesAndWork) {
  const Registries registries = EveryDoor();
  ASSERT_NE(registries.operators.Find("door", "Same"), nullptr);
  EXPECT_EQ(registries.operators.records().size(), BuiltinOperators().records().size() + 3);
  const ir::Module module = ModuleWith("Same");
  Diagnostics diagnostics;
  const absl::StatusOr<InferredTypes> types =
      InferTypes(module, nullptr, diagnostics, registries.operators);
  ASSERT_TRUE(types.ok()) << types.status();
  EXPECT_TRUE(types->untyped_ops.empty());
  const OpFeatures features =
      FeaturesOfGraph(module, *types, registries.operators).value()[module.graph.nodes()[0]];
  EXPECT_EQ(features.family, OpFamily::kElementwise);
  EXPECT_EQ(features.flops, 30);
  EXPECT_EQ(FeaturesOfGraph(module, *types).value()[module.graph.nodes()[0]].family,
            OpFamily::kOther);
}

TEST(PluginLoader, RulesOfOperatorsMayThrowAndMustBeSound) {
  const Registries registries = EveryDoor();
  Diagnostics diagnostics;
  const auto error = [&](const std::string& op_type) {
    return std::string(InferTypes(ModuleWith(op_type), nullptr, diagnostics, registries.operators)
                           .status()
                           .message());
  };
  EXPECT_THAT(error("Throws"), HasSubstr("plug-in 'every-door': operator 'door:Throws': threw an "
                                         "exception: no dimension 9"));
  EXPECT_THAT(error("Minus"), HasSubstr("plug-in 'every-door': operator 'door:Minus': gives result "
                                        "0 a size of -7; please tell the plug-in's authors"));
  const auto work_error = [&](const std::string& op_type) {
    return std::string(FeaturesOfGraph(ModuleWith(op_type), InferredTypes(), registries.operators)
                           .status()
                           .message());
  };
  EXPECT_THAT(work_error("Throws"),
              AllOf(StartsWith("'onnx.door.Throws' op"),
                    HasSubstr("plug-in 'every-door': operator 'door:Throws': threw an exception: "
                              "no size 4")));
  EXPECT_THAT(work_error("Minus"), HasSubstr("operator 'door:Minus': says that its work is -3"));
}

TEST(PluginLoader, ReplacesNoOperator) {
  Registries registries = BuiltinRegistries();
  Operator same;
  same.domain = "door";
  same.op_type = "Same";
  registries.operators.Add(same);
  EXPECT_THAT(std::string(LoadPlugin(PathOf("every_door"), registries).message()),
              HasSubstr("operator 'door:Same' is known already, and a plug-in must not replace"));
}

TEST(PluginLoader, EmittersMustExist) {
  const Registries registries = EveryDoor();
  EXPECT_TRUE(registries.emitters.Find("door-hello")->make("").ok());
  EXPECT_EQ(registries.emitters.Find("door-nothing")->make("").status().message(),
            "plug-in 'every-door': output 'door-nothing': made nothing; please tell its authors");
}

}  // namespace
}  // namespace allot
