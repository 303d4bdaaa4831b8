// Models that split-operators divides: what is in the place of what, and what stays whole. That
// they compute the same is checked by running them (bench/split.sh, the test split_slices).
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ir/verify.h"
#include "passes/pipeline/pass.h"
#include "passes/splitting/slice_name.h"
#include "tests/models/build_graph.h"

namespace allot {

Entry<GraphPass> SplitOperatorsEntry();

namespace {

using testing::Attr;
using ::testing::ElementsAre;
using testing::F32;
using ::testing::HasSubstr;
using testing::Int64Constant;
using ::testing::IsEmpty;
using testing::ModuleBuilder;

struct Outcome {
  absl::StatusOr<bool> changed = false;
  Diagnostics diagnostics;
  PassStatistics statistics;
};

Outcome Divide(ir::Module& module, const std::string& options) {
  Outcome outcome;
  PassContext context;
  context.diagnostics = &outcome.diagnostics;
  context.statistics = &outcome.statistics;
  absl::StatusOr<std::unique_ptr<GraphPass>> pass = SplitOperatorsEntry().make(options);
  EXPECT_TRUE(pass.ok()) << pass.status();
  outcome.changed = (*pass)->Run(module, context);
  if (!outcome.changed.ok()) return outcome;
  EXPECT_TRUE(module.graph.Compact());
  Diagnostics verified;
  EXPECT_TRUE(ir::Verify(module, verified).ok()) << verified.ToStatus();
  return outcome;
}

std::map<std::string, int> Counts(const ir::Module& module) {
  std::map<std::string, int> counts;
  for (const ir::NodeId id : module.graph.nodes()) ++counts[module.graph.node(id).op_type];
  return counts;
}

std::string TypeOf(const ir::Module& module, const std::string& value) {
  for (size_t i = 0; i < module.graph.value_id_bound(); ++i) {
    const ir::Value& of = module.graph.value(ir::ValueId(i));
    if (of.name != value || !of.type.is_static()) continue;
    std::string text;
    for (const ir::Dim& dim : *of.type.shape) text += std::to_string(dim.size) + " ";
    return text;
  }
  return "none";
}

// x -> MatMul 6x8 -> Relu -> MatMul 8x4, between two Identity nodes.
ir::Module Feedforward() {
  ModuleBuilder m;
  const ir::ValueId x = m.Op("Identity", {m.Input("x", F32({2, 6}))}, F32({2, 6}));
  const ir::ValueId up = m.Op("MatMul", {x, m.Weight("up", {6, 8})}, F32({2, 8}));
  const ir::ValueId act = m.Op("Relu", {up}, F32({2, 8}));
  const ir::ValueId down = m.Op("MatMul", {act, m.Weight("down", {8, 4})}, F32({2, 4}));
  return std::move(m).Finish({m.Op("Identity", {down}, F32({2, 4}))});
}

TEST(SplitOperatorsTest, APairIsJoinedOnceByASum) {
  ir::Module module = Feedforward();
  const Outcome outcome = Divide(module, "width=2");
  ASSERT_TRUE(outcome.changed.ok() && *outcome.changed);
  EXPECT_EQ(Counts(module),
            (std::map<std::string, int>{{"Identity", 2}, {"MatMul", 4}, {"Relu", 2}, {"Sum", 1}}));
  // x to the other slice, and its summand back.
  EXPECT_EQ(outcome.statistics.counts().at("words moved"), 2 * 6 + 2 * 4);
  EXPECT_THAT(outcome.diagnostics.all(), IsEmpty());
}

TEST(SplitOperatorsTest, PartsOfUnequalSizesTakeAllOfTheWeights) {
  ir::Module module = Feedforward();
  const Outcome outcome = Divide(module, "split=\".*=pairs:3\"");
  ASSERT_TRUE(outcome.changed.ok() && *outcome.changed);
  std::vector<std::string> types;
  for (const char* const slice : {"0", "1", "2"}) {
    types.push_back(TypeOf(module, std::string("up/block0/slice") + slice) + "x " +
                    TypeOf(module, std::string("down/block0/slice") + slice));
  }
  EXPECT_THAT(types, ElementsAre("6 3 x 3 4 ", "6 3 x 3 4 ", "6 2 x 2 4 "));
}

TEST(SplitOperatorsTest, OneOperatorByColumnsIsJoinedByConcatenation) {
  ir::Module module = Feedforward();
  const Outcome outcome = Divide(module, "split=\"MatMul_1=columns:2\"");
  ASSERT_TRUE(outcome.changed.ok() && *outcome.changed);
  EXPECT_EQ(Counts(module), (std::map<std::string, int>{
                                {"Concat", 1}, {"Identity", 2}, {"MatMul", 3}, {"Relu", 1}}));
}

TEST(SplitOperatorsTest, RowsSplitTheirOperandWhereItIsWhole) {
  ir::Module module = Feedforward();
  const Outcome outcome = Divide(module, "split=\"MatMul_3=rows:2\"");
  ASSERT_TRUE(outcome.changed.ok() && *outcome.changed);
  EXPECT_EQ(Counts(module),
            (std::map<std::string, int>{
                {"Identity", 2}, {"MatMul", 3}, {"Relu", 1}, {"Split", 1}, {"Sum", 1}}));
  EXPECT_EQ(outcome.statistics.counts().at("words moved"), 2 * 4 + 2 * 4);
}

TEST(SplitOperatorsTest, WhatDoesNotDivideSaysWhy) {
  ir::Module module = Feedforward();
  EXPECT_FALSE(*Divide(module, "split=\"Relu_2=rows:2\"").changed);
  const Outcome relu = Divide(module, "split=\"Relu_2=rows:2\"");
  ASSERT_EQ(relu.diagnostics.all().size(), 1u);
  EXPECT_THAT(relu.diagnostics.all()[0].message, HasSubstr("Relu does not divide by rows"));
  const Outcome narrow = Divide(module, "split=\".*=pairs:9\"");
  EXPECT_FALSE(*narrow.changed);
  EXPECT_THAT(narrow.diagnostics.all()[0].message, HasSubstr("no more than 8 units"));
  const Outcome nothing = Divide(module, "split=\"nosuch=columns:2\"");
  EXPECT_THAT(nothing.diagnostics.all()[0].message, HasSubstr("no node has such a name"));
}

TEST(SplitOperatorsTest, RequestsThatCannotBeReadAreErrors) {
  ir::Module module = Feedforward();
  const auto error = [&](const std::string& split) {
    return std::string(Divide(module, "split=\"" + split + "\"").changed.status().message());
  };
  EXPECT_THAT(error("a"), HasSubstr("there is no '='"));
  EXPECT_THAT(error("a=columns"), HasSubstr("says no number of parts"));
  EXPECT_THAT(error("a=colums:2"), HasSubstr("columns"));
  EXPECT_THAT(error("a=rows:1"), HasSubstr("from 2 to 64"));
  EXPECT_THAT(error("(=rows:2"), HasSubstr("split '(=rows:2'"));
}

// Queries, keys and values by one product, heads, attention, output; [1, 5, 8], 4 heads of 2.
ir::Module AttentionLayer(bool output_of_probabilities) {
  ModuleBuilder m;
  const ir::ValueId x = m.Op("Identity", {m.Input("x", F32({1, 5, 8}))}, F32({1, 5, 8}));
  const ir::ValueId heads = m.Initializer("heads", Int64Constant({0, 0, 4, 2}));
  const auto projected = [&](const std::string& name, std::vector<int64_t> perm,
                             const std::vector<int64_t>& dims) {
    const ir::ValueId y = m.Op("MatMul", {x, m.Weight(name, {8, 8})}, F32({1, 5, 8}));
    const ir::ValueId split = m.Op("Reshape", {y, heads}, F32({1, 5, 4, 2}));
    return m.Op("Transpose", {split}, F32(dims), {{"perm", Attr(std::move(perm))}});
  };
  const ir::ValueId q = projected("q", {0, 2, 1, 3}, {1, 4, 5, 2});
  const ir::ValueId k = projected("k", {0, 2, 3, 1}, {1, 4, 2, 5});
  const ir::ValueId v = projected("v", {0, 2, 1, 3}, {1, 4, 5, 2});
  const ir::ValueId scores = m.Op("MatMul", {q, k}, F32({1, 4, 5, 5}));
  const ir::ValueId probabilities =
      m.Op("Softmax", {scores}, F32({1, 4, 5, 5}), {{"axis", Attr(int64_t{-1})}});
  const ir::ValueId context = m.Op("MatMul", {probabilities, v}, F32({1, 4, 5, 2}));
  const ir::ValueId back = m.Op("Transpose", {context}, F32({1, 5, 4, 2}),
                                {{"perm", Attr(std::vector<int64_t>{0, 2, 1, 3})}});
  const ir::ValueId merged =
      m.Op("Reshape", {back, m.Initializer("merged", Int64Constant({0, 0, 8}))}, F32({1, 5, 8}));
  const ir::ValueId y = m.Op("MatMul", {merged, m.Weight("o", {8, 8})}, F32({1, 5, 8}));
  std::vector<ir::ValueId> outputs = {m.Op("Identity", {y}, F32({1, 5, 8}))};
  if (output_of_probabilities) outputs.push_back(probabilities);
  return std::move(m).Finish(outputs);
}

TEST(SplitOperatorsTest, AttentionDividesByHeadsWithoutAGather) {
  ir::Module module = AttentionLayer(false);
  const Outcome outcome = Divide(module, "width=2");
  ASSERT_TRUE(outcome.changed.ok() && *outcome.changed);
  const std::map<std::string, int> counts = Counts(module);
  EXPECT_EQ(counts.at("MatMul"), 12);
  EXPECT_EQ(counts.at("Sum"), 1);
  EXPECT_EQ(counts.count("Concat") + counts.count("Split") + counts.count("Gather"), 0u);
  EXPECT_EQ(outcome.statistics.counts().at("words moved"), 40 + 40);
  EXPECT_EQ(TypeOf(module, "q/block0/slice1"), "8 4 ");
  EXPECT_EQ(TypeOf(module, "o/block0/slice1"), "4 8 ");
}

TEST(SplitOperatorsTest, WhatIsReadOutsideIsJoined) {
  ir::Module module = AttentionLayer(true);
  const Outcome outcome = Divide(module, "split=\".*=heads:4\"");
  ASSERT_TRUE(outcome.changed.ok() && *outcome.changed);
  EXPECT_EQ(Counts(module).at("Concat"), 1);
  EXPECT_EQ(outcome.statistics.counts().at("words moved"), 3 * 40 + 3 * 40 + 3 * 25);
}

TEST(SplitOperatorsTest, NamesOfSlicesAreReadBack) {
  EXPECT_EQ(SliceName("a/b", {7, 1}), "a/b/block7/slice1");
  const std::optional<SliceOf> of = ParseSliceName("a/b/block7/slice1");
  ASSERT_TRUE(of.has_value());
  EXPECT_EQ(*of, (SliceOf{7, 1}));
  for (const char* const name : {"", "a", "a/slice1", "a/block/slice1", "a/block1/slice", "slice1",
                                 "a/block1/slice1x", "a/block99999999999/slice1"}) {
    EXPECT_FALSE(ParseSliceName(name).has_value()) << name;
  }
}

TEST(SplitOperatorsTest, AnotherRunDoesNotTakeNumbersTwice) {
  ir::Module module = Feedforward();
  ASSERT_TRUE(*Divide(module, "split=\"MatMul_1=columns:2\"").changed);
  ASSERT_TRUE(*Divide(module, "split=\"MatMul_3=columns:2\"").changed);
  std::map<SliceOf, int> seen;
  for (const ir::NodeId id : module.graph.nodes()) {
    if (const auto of = ParseSliceName(module.graph.node(id).name)) ++seen[*of];
  }
  EXPECT_EQ(seen.size(), 4u);
}

// Sums over columns of another block are not there yet: a chain divides in pairs.
TEST(SplitOperatorsTest, BlocksDoNotOverlap) {
  ModuleBuilder m;
  ir::ValueId x = m.Input("x", F32({2, 8}));
  for (int i = 0; i < 4; ++i) {
    x = m.Op("MatMul", {x, m.Weight("w" + std::to_string(i), {8, 8})}, F32({2, 8}));
  }
  ir::Module module = std::move(m).Finish({x});
  const Outcome outcome = Divide(module, "width=2");
  ASSERT_TRUE(*outcome.changed);
  EXPECT_EQ(outcome.statistics.counts().at("blocks divided"), 2);
  EXPECT_EQ(Counts(module), (std::map<std::string, int>{{"MatMul", 8}, {"Sum", 2}}));
}

// Layers of a product pair beside the stream that goes through: 5 nodes each, behind an Identity.
ir::Module Layers(int layers) {
  ModuleBuilder m;
  ir::ValueId x = m.Op("Identity", {m.Input("x", F32({2, 8}))}, F32({2, 8}));
  for (int i = 0; i < layers; ++i) {
    const std::string name = "w" + std::to_string(i);
    const ir::ValueId norm = m.Op("Tanh", {x}, F32({2, 8}));
    const ir::ValueId up = m.Op("MatMul", {norm, m.Weight(name + "up", {8, 16})}, F32({2, 16}));
    const ir::ValueId act = m.Op("Relu", {up}, F32({2, 16}));
    const ir::ValueId down = m.Op("MatMul", {act, m.Weight(name + "down", {16, 8})}, F32({2, 8}));
    x = m.Op("Add", {x, down}, F32({2, 8}));
  }
  return std::move(m).Finish({x});
}

TEST(SplitOperatorsTest, RangesOfNodesHaveWidthsOfTheirOwn) {
  ir::Module module = Layers(8);
  const Outcome outcome = Divide(module, "widths=\"21:1;31:2;41:4\"");
  ASSERT_TRUE(outcome.changed.ok() && *outcome.changed) << outcome.changed.status();
  // Four layers whole, two by two, two by four.
  EXPECT_EQ(Counts(module)["MatMul"], 4 * 2 + 2 * 4 + 2 * 8);
  EXPECT_EQ(Counts(module)["Sum"], 4);
  EXPECT_EQ(outcome.statistics.counts().at("blocks divided"), 4);
}

TEST(SplitOperatorsTest, SlicesStandWhereTheirBlockStood) {
  ir::Module module = Layers(6);
  ASSERT_TRUE(*Divide(module, "widths=\"16:2\"").changed);  // the first three layers
  std::vector<std::string> order;
  for (const ir::NodeId id : module.graph.nodes()) {
    order.push_back(module.graph.node(id).op_type);
  }
  const std::vector<std::string> divided = {"Tanh",   "MatMul", "MatMul", "Relu", "Relu",
                                            "MatMul", "MatMul", "Sum",    "Add"};
  const std::vector<std::string> whole = {"Tanh", "MatMul", "Relu", "MatMul", "Add"};
  std::vector<std::string> expected = {"Identity"};
  for (int layer = 0; layer < 6; ++layer) {
    const std::vector<std::string>& nodes = layer < 3 ? divided : whole;
    expected.insert(expected.end(), nodes.begin(), nodes.end());
  }
  EXPECT_EQ(order, expected);
}

TEST(SplitOperatorsTest, RangesThatCannotBeReadAreErrors) {
  ir::Module module = Layers(1);
  for (const std::string widths : {"5", "5:0", "5:65", "9:2;5:2", "a:2", "5:2;"}) {
    const absl::Status status = Divide(module, "widths=\"" + widths + "\"").changed.status();
    EXPECT_THAT(std::string(status.message()), HasSubstr("is not END:N")) << widths;
  }
}

}  // namespace
}  // namespace allot
