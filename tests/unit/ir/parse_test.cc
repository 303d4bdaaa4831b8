#include "ir/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "ir/print.h"
#include "tests/models/build_graph.h"
#include "tests/models/rich_module.h"

namespace allot::ir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A main graph around `ops`, which start on line 4.
std::string Main(absl::string_view ops, absl::string_view attributes = "") {
  return absl::StrCat(R"("builtin.module"() ({
"onnx.graph"() <{sym_name = "main"}> ({
^bb0(%x: tensor<2xf32> loc("input"), %c: tensor<i1>):
)",
                      ops, "\n}) {ir_version = 8 : i64, opset = {ai.onnx = 17 : i64}",
                      attributes.empty() ? "" : ", ", attributes, "} : () -> ()\n}) : () -> ()\n");
}
constexpr char kReturnX[] = R"("onnx.Return"(%x) : (tensor<2xf32>) -> ())";

std::string ErrorOf(const std::string& text, const Target* target = nullptr) {
  const absl::StatusOr<ParsedModule> parsed = Parse(text, "m.mlir", target);
  EXPECT_FALSE(parsed.ok()) << text;
  return parsed.ok() ? "" : std::string(parsed.status().message());
}

Module MustParse(const std::string& text) {
  absl::StatusOr<ParsedModule> parsed = Parse(text, "m.mlir", nullptr);
  EXPECT_TRUE(parsed.ok()) << parsed.status().message();
  return parsed.ok() ? std::move(parsed->module) : Module();
}

TEST(ParseTest, TextWrittenByHand) {
  const Module module = MustParse(R"(// A comment.
module {
  "onnx.graph"() ({
  ^entry(%x: tensor<?x2xf32, {dim_params = ["N", ""]}>, %c: tensor<i1>):
    %y = "onnx.LeakyRelu"(%x) {alpha = 0.5 : f32, kernel_shape = [3, 3], scales = [1.0, 2.5],
                               flag = true} : (tensor<?x2xf32, {dim_params = ["N", ""]}>)
        -> tensor<*xf32>
    %parts:2 = "onnx.Split"(%y) : (tensor<*xf32>) -> (tensor<*xf32>, !onnx.unknown)
    %z = "onnx.If"(%c) ({
      "onnx.Yield"(%parts#1) : (!onnx.unknown) -> ()
    }, {
      %n = "onnx.Neg"(%y) : (tensor<*xf32>) -> tensor<*xf32>
      "onnx.Yield"(%n) : (tensor<*xf32>) -> ()
    }) : (tensor<i1>) -> tensor<*xf32>
    "onnx.Print"(%z) : (tensor<*xf32>) -> ()
    "onnx.Return"(%z) : (tensor<*xf32>) -> ()
  }) : () -> ()
}
)");
  const Graph& graph = module.graph;
  ASSERT_EQ(graph.num_nodes(), 4u);
  EXPECT_EQ(graph.value(graph.inputs()[0]).name, "x") << "without loc, the name in the text";
  EXPECT_EQ(graph.value(graph.inputs()[0]).type.shape->at(0).symbol, "N");
  const Node& leaky = graph.node(NodeId(0));
  EXPECT_EQ(graph.value(leaky.results[0]).name, "y");
  EXPECT_EQ(*FindAttribute<float>(leaky.attributes, "alpha"), 0.5f);
  EXPECT_THAT(*FindAttribute<std::vector<int64_t>>(leaky.attributes, "kernel_shape"),
              ElementsAre(3, 3));
  EXPECT_THAT(*FindAttribute<std::vector<float>>(leaky.attributes, "scales"),
              ElementsAre(1.0f, 2.5f));
  EXPECT_EQ(*FindAttribute<int64_t>(leaky.attributes, "flag"), 1);
  const Node& split = graph.node(NodeId(1));
  EXPECT_EQ(graph.value(split.results[1]).name, "parts#1");
  const Node& branch = graph.node(NodeId(2));
  EXPECT_EQ(FindAttribute<RegionIndex>(branch.attributes, "else_branch")->index, 1);
  EXPECT_THAT(branch.captures, ElementsAre(split.results[1], leaky.results[0]));
  EXPECT_EQ(branch.regions[0].captures().size(), 2u) << "bodies share the list of captures";
  EXPECT_TRUE(Equal(MustParse(Print(module)), module));
}

TEST(ParseTest, LocationAliasesBeforeAndBehind) {
  const std::string text = absl::StrCat(
      "#loc1 = loc(\"m.onnx\":3:0)\n",
      Main(absl::StrCat("%y = \"onnx.Relu\"(%x) : (tensor<2xf32>) -> tensor<2xf32> loc(#loc2)\n",
                        kReturnX)),
      "#loc2 = loc(\"relu\"(#loc1))\n");
  const absl::StatusOr<ParsedModule> parsed = Parse(text, "m.mlir", nullptr);
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(parsed->module.graph.node(NodeId(0)).location, (Location{"relu", "m.onnx", 3, {}}));
}

TEST(ParseTest, ErrorsShowPlaceLineAndCaret) {
  EXPECT_EQ(ErrorOf(Main("  %y = \"onnx.Relu\"(%nowhere) : (none) -> tensor<2xf32>\n\n" +
                         std::string(kReturnX))),
            "m.mlir:4:20: %nowhere is used before it is defined\n"
            "  %y = \"onnx.Relu\"(%nowhere) : (none) -> tensor<2xf32>\n"
            "                   ^");
}

struct ErrorCase {
  const char* ops;
  const char* message;  // from the column on
};

TEST(ParseTest, WrongOps) {
  const ErrorCase cases[] = {
      {R"(%y = "onnx.Relu"(%nowhere) : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:18: %nowhere is used before it is defined"},
      {R"(%y = "onnx.Relu"(%x) : (tensor<3xf32>) -> tensor<2xf32>)",
       "4:18: %x is tensor<2xf32>, but the op says tensor<3xf32>"},
      {R"(%y = "onnx.Relu"(%x) : (none) -> tensor<2xf32>)",
       "4:18: %x is tensor<2xf32>, but the op says none"},
      {R"(%y = "onnx.Relu"(%x) : () -> tensor<2xf32>)", "4:24: there are 1 operands but 0 types"},
      {R"(%y:2 = "onnx.Relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:45: there are 2 results but 1 types"},
      {R"(%x = "onnx.Relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>)", "4:1: %x is defined already"},
      {R"(%y = "onnx.Relu"(%x#1) : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:18: %x has only 1 results"},
      {R"(%y = "relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>)", "4:1: 'relu' is no operator"},
      {R"(%y = "onnx.Relu"(%x) : (tensor<2xf31>) -> tensor<2xf32>)",
       "4:34: 'f31' is no element type"},
      {R"(%y = "onnx.Relu"(%x) : (tensor<2f32>) -> tensor<2xf32>)",
       "4:33: expected 'x' behind a dimension"},
      {R"(%y = "onnx.Relu"(%x) : (!onnx.box<2>) -> tensor<2xf32>)",
       "4:31: there is no type !onnx.box"},
      {R"(%y = "onnx.Relu"(%x) {a} : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:23: an attribute of an operator needs a value"},
      {R"(%y = "onnx.Relu"(%x) {a = 1, a = 2} : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:34: attribute 'a' is given twice"},
      {R"(%y = "onnx.Relu"(%x) {a = [1, "b"]} : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:27: a list holds only strings, only integers or only floats"},
      {R"(%y = "onnx.Relu"(%x) {a = 1e5} : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:28: expected '}'"},
      {R"(%y = "onnx.Relu"(%x) {a = 9223372036854775808} : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:27: integer does not fit 64 bits"},
      {R"(%y = "onnx.Relu"(%x) {a = 1.0e99 : f32} : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:27: number does not fit a float"},
      {R"(%y = "onnx.Relu"(%x) {a = "\q"} : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:28: unknown escape in string"},
      {R"(%y = "onnx.Relu"(%x) {a = "open} : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:27: string has no end on its line"},
      {R"(%y = "onnx.Relu"(%x) {onnx.colour = 1} : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:37: there is no attribute 'onnx.colour'"},
      {R"(%y = "onnx.Relu"(%x) {onnx.outputs = ["a", "b"]} : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:38: there are 2 names for 1 results"},
      {R"(%y = "onnx.Relu"(%x) {a = dense_resource<w> : tensor<1xf32>} : (tensor<2xf32>) -> none)",
       "4:27: there is no resource 'w'"},
      {R"(%y = "onnx.Relu"(%x) : (tensor<2xf32>) -> none)",
       "4:1: a result of an operator cannot be none"},
      {R"(%y = "onnx.Scan"(%x) ({}, {}) : (tensor<2xf32>) -> tensor<2xf32>)",
       "4:1: say which attribute each region is"},
      {R"(%y = "onnx.Loop"(%x) ({}) : (tensor<2xf32>) -> tensor<2xf32>)", "4:1: a graph ends with"},
      {R"(%w = "onnx.Initializer"() : () -> tensor<2xf32>)", "4:1: an initializer needs a 'value'"},
      {R"(%w = "onnx.Initializer"() {value = #onnx.external<"w", 1> : tensor<2xf32>}
              : () -> tensor<2xf32>)",
       "4:36: expected #onnx.external<\"file\", offset, length"},
      {R"(%w = "onnx.Initializer"() {value = #onnx.external<"w", -1, 8> : tensor<2xf32>}
              : () -> tensor<2xf32>)",
       "4:36: offset and length must not be negative"},
      {R"("onnx.Return"(%x) : (tensor<2xf32>) -> ())", "4:1: nothing may follow the outputs"},
      {R"(^bb1:)", "4:1: a region has one block"},
  };
  for (const ErrorCase& test : cases) {
    EXPECT_THAT(ErrorOf(Main(absl::StrCat(test.ops, "\n", kReturnX))),
                StartsWith(absl::StrCat("m.mlir:", test.message)))
        << test.ops;
  }
}

TEST(ParseTest, WrongModules) {
  EXPECT_THAT(ErrorOf(""), StartsWith("m.mlir:1:1: there is no \"onnx.graph\" op"));
  EXPECT_THAT(ErrorOf("\"func.func\"() : () -> ()"), HasSubstr("expected \"onnx.graph\""));
  EXPECT_THAT(ErrorOf(Main(kReturnX, "colour = \"red\"")),
              HasSubstr("onnx.graph has no attribute 'colour'"));
  EXPECT_THAT(ErrorOf(Main(kReturnX, "metadata = [1]")), HasSubstr("list of pairs"));
  EXPECT_THAT(ErrorOf(Main(kReturnX) + Main(kReturnX)), HasSubstr("one main graph"));
  EXPECT_THAT(ErrorOf(Main(kReturnX) + "{-# dialect_resources: { builtin: { a: \"0x00\" } } #-}"),
              HasSubstr("four bytes of alignment"));
  EXPECT_THAT(ErrorOf(Main(kReturnX) + "#a = 3"), HasSubstr("only locations"));
  // Found by the verifier, which knows names but no columns.
  EXPECT_THAT(ErrorOf(Main(absl::StrCat("%y = \"onnx.Relu\"(%x) {onnx.outputs = [\"input\"]} : "
                                        "(tensor<2xf32>) -> tensor<2xf32>\n",
                                        kReturnX))),
              StartsWith("m.mlir:4:1: 'onnx.Relu' op #0: value 'input' is defined a second time"));
}

TEST(ParseTest, PlansNeedATargetAndAgree) {
  const Target target = testing::TwoDevices();
  const Module module = testing::Diamond();
  const Plan plan = testing::FullPlan(module.graph);
  PrintOptions options;
  options.plan = &plan;
  options.target = &target;
  const std::string text = Print(module, options);
  EXPECT_THAT(ErrorOf(text), HasSubstr("needs a target"));
  const auto changed = [&](absl::string_view from, absl::string_view to) {
    const size_t at = text.find(from.data(), 0, from.size());
    EXPECT_NE(at, text.npos) << from;
    std::string copy = text;
    return copy.replace(at, from.size(), to.data(), to.size());
  };
  EXPECT_THAT(ErrorOf(changed("place.device = \"cpu0\"", "place.device = \"tpu0\""), &target),
              HasSubstr("target 'two' has no device 'tpu0'"));
  EXPECT_THAT(ErrorOf(changed("place.device = \"cpu0\"", "place.device = \"gpu0\""), &target),
              HasSubstr("differs from that of an earlier node of cluster 0"));
  EXPECT_THAT(ErrorOf(changed("place.cluster = 0", "place.cluster = 2000000000"), &target),
              HasSubstr("'place.cluster' must be an integer of at least 0 and below 4"));
  EXPECT_THAT(ErrorOf(changed("place.part = 0", "place.part = 2"), &target), HasSubstr("below 2"));
  EXPECT_THAT(ErrorOf(changed("place.reason", "place.season"), &target),
              HasSubstr("'place.season' is no attribute of a plan here"));
  EXPECT_THAT(ErrorOf(changed("cost.family = \"none\"", "cost.family = \"heavy\""), &target),
              HasSubstr("'cost.family' must be a family of operators"));
  EXPECT_THAT(ErrorOf(changed("array<i64: 0, 1>", "array<i64: 0, 2>"), &target),
              HasSubstr("clusters below 2"));
}

TEST(ParseTest, LanesNameClustersPartsAndShares) {
  const Target target = testing::TwoDevices();
  const Module module = testing::Diamond();
  const Plan plan = testing::FullPlanWithLanes(module.graph);
  PrintOptions options;
  options.plan = &plan;
  options.target = &target;
  const std::string text = Print(module, options);
  const auto error = [&](absl::string_view from, absl::string_view to) {
    EXPECT_NE(text.find(from.data(), 0, from.size()), text.npos) << from;
    return ErrorOf(absl::StrReplaceAll(text, {{from, to}}), &target);
  };
  EXPECT_THAT(error("place.share = 3", "place.share = 0"),
              HasSubstr("'place.share' must be an integer from 1 to 1000000"));
  EXPECT_THAT(error("share = 2", "shape = 2"), HasSubstr("'place.lanes' has no 'shape'"));
  EXPECT_THAT(error("part_of = array<i64: 0, 0>", "part_of = array<i64: 0, 1>"),
              HasSubstr("'part_of' must be a list of parts below 1"));
  EXPECT_THAT(error("part_of = array<i64: 0, 0>", "part_of = array<i64: 0>"),
              HasSubstr("'part_of' must be an array<i64: ...> of 2"));
  EXPECT_THAT(error("end_ps = array<i64: 5, 15, 25, 35>, ", ""),
              HasSubstr("'start_ps' and 'end_ps' go together"));
}

// The edit that people make: a whole cluster moves to another device.
TEST(ParseTest, EditedPlacementCounts) {
  const Target target = testing::TwoDevices();
  const Module module = testing::Diamond();
  Plan plan = testing::FullPlan(module.graph);
  PrintOptions options;
  options.plan = &plan;
  options.target = &target;
  const std::string text = absl::StrReplaceAll(
      Print(module, options), {{"place.device = \"cpu0\"", "place.device = \"gpu0\""}});
  const absl::StatusOr<ParsedModule> parsed = Parse(text, "m.mlir", &target);
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(parsed->plan.device_of[ClusterId(0)], DeviceId(1));
}

TEST(ParseTest, KeepsPlacesAndWhatIsForOthers) {
  const std::string text = Main(absl::StrCat(
      "%y = \"onnx.Relu\"(%x) {onnx.outputs = [\"y\"]} : (tensor<2xf32>) -> tensor<2xf32>\n",
      kReturnX));
  const absl::StatusOr<ParsedModule> parsed =
      Parse(text +
                "{-# external_resources: { tool: { a: \"x \\22y\\22\", b: true, c: {d: true} }, "
                "\"other\": {} } #-}",
            "m.mlir", nullptr);
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  ASSERT_EQ(parsed->node_offsets.size(), 1u);
  EXPECT_EQ(text.substr(parsed->node_offsets[0], 4), "%y =");
  ASSERT_EQ(parsed->external_resources.size(), 3u);
  EXPECT_EQ(parsed->external_resources[0].group, "tool");
  EXPECT_EQ(parsed->external_resources[0].key, "a");
  EXPECT_EQ(parsed->external_resources[0].value, "x \"y\"");
  EXPECT_EQ(parsed->external_resources[1].value, "true");
}

TEST(ParseTest, UnnamedOpsMayLieInTheText) {
  const std::string relu = "(%x) {onnx.outputs = [\"y\"]} : (tensor<2xf32>) -> tensor<2xf32>\n";
  const std::string named =
      "(%x) {onnx.outputs = [\"z\"], onnx_node_name = \"n\"} : (tensor<2xf32>) -> "
      "tensor<2xf32>\n";
  const std::string text =
      Main(absl::StrCat("\n%y = \"onnx.Relu\"", relu, "%z = \"onnx.Relu\"", named, kReturnX));
  const absl::StatusOr<ParsedModule> parsed =
      Parse(text, "m.mlir", nullptr, UnnamedOps::kLieInTheText);
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  const Graph& graph = parsed->module.graph;
  EXPECT_EQ(graph.node(NodeId(0)).location, (Location{.file = "m.mlir", .index = 5}));
  EXPECT_EQ(graph.node(NodeId(1)).location, Location());
  EXPECT_EQ(Parse(text, "m.mlir", nullptr)->module.graph.node(NodeId(0)).location, Location());
}

TEST(ParseTest, DeepNestingIsRefused) {
  constexpr size_t kDeep = 100'000;
  const auto repeat = [](absl::string_view text, size_t count) {
    std::string all;
    for (size_t i = 0; i < count; ++i) absl::StrAppend(&all, text);
    return all;
  };
  EXPECT_THAT(ErrorOf(repeat("\"onnx.graph\"() ({", kDeep)), HasSubstr("nested too deeply"));
  EXPECT_THAT(ErrorOf(repeat("module {", kDeep)), HasSubstr("nested too deeply"));
  EXPECT_THAT(ErrorOf(Main("\"onnx.A\"() {a = " + repeat("[", kDeep))),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(ErrorOf(Main("\"onnx.A\"() {a = " + repeat("{a = ", kDeep))),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(ErrorOf(Main("\"onnx.A\"() : () -> " + repeat("!onnx.seq<", kDeep))),
              HasSubstr("nested too deeply"));
  EXPECT_THAT(ErrorOf("#a = loc(" + repeat("fused[", kDeep)), HasSubstr("nested too deeply"));
  EXPECT_THAT(
      ErrorOf(Main(kReturnX) + "{-# external_resources: { a: { b: " + repeat("{ a: ", kDeep)),
      HasSubstr("nested too deeply"));
}

TEST(ParseTest, LocationAliasesCannotGrowWithoutBound) {
  std::string text = "#a0 = loc(\"x\")\n";
  for (int i = 1; i < 64; ++i) {
    absl::StrAppend(&text, "#a", i, " = loc(fused[#a", i - 1, ", #a", i - 1, "])\n");
  }
  EXPECT_THAT(ErrorOf(text), HasSubstr("aliases stand for too much"));
}

}  // namespace
}  // namespace allot::ir
