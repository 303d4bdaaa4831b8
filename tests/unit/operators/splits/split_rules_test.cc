// The ways in which operators divide, as text: "columns 8: -,1 > 1" is 8 units, axis 1 of the
// second operand and of the result; "+" sums the parts' results.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "operators/operators.h"
#include "support/random.h"
#include "tests/unit/operators/type_text.h"

namespace allot {
namespace {

std::string Shares(const std::vector<SplitShare>& shares) {
  std::vector<std::string> texts;
  for (const SplitShare& share : shares) {
    std::string text = share.whole() ? "-" : absl::StrCat(share.axis);
    if (share.segments.size() > 1) {
      absl::StrAppend(&text, "[", absl::StrJoin(share.segments, "|"), "]");
    }
    texts.push_back(text);
  }
  return absl::StrJoin(texts, ",");
}

std::string WayText(const SplitAxis& way) {
  std::string text =
      absl::StrCat(SplitKindName(way.kind), " ", way.units, ": ", Shares(way.operands), " > ",
                   way.sums ? "+" : Shares(way.results));
  for (const SplitSize& size : way.sizes) {
    absl::StrAppend(&text, " ", size.attribute,
                    size.operand >= 0 ? absl::StrCat("operand", size.operand) : "", "[", size.index,
                    "]=", size.whole);
  }
  if (way.first_only >= 0) absl::StrAppend(&text, " first:", way.first_only);
  return text;
}

std::vector<std::string> Ways(const std::string& op, const std::string& attributes,
                              const std::vector<std::string>& operands,
                              const std::vector<std::string>& results) {
  ir::Module module = testing::EmptyModule();
  const ir::NodeId id =
      testing::AddOp(module, module.graph, op, attributes, operands, results.size());
  const ir::Node& node = module.graph.node(id);
  for (size_t i = 0; i < results.size(); ++i) {
    module.graph.mutable_value(node.results[i]).type = testing::ParseType(results[i]);
  }
  const Operator* record = BuiltinOperators().Find(node.domain, node.op_type);
  EXPECT_NE(record, nullptr) << op;
  if (record == nullptr || record->split == nullptr) return {"no rule"};
  std::vector<std::string> texts;
  for (const SplitAxis& way : record->split(OpView(module, module.graph, node, nullptr, nullptr))) {
    texts.push_back(WayText(way));
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(SplitRulesTest, ProductsDivideByColumnsRowsAndWhatDoesNotMeet) {
  EXPECT_EQ(
      Ways("MatMul", "", {"f32[2,5,6]", "f32[6,8]"}, {"f32[2,5,8]"}),
      (Texts{"columns 8: -,1 > 2", "rows 6: 2,0 > +", "batch 5: 1,- > 1", "batch 2: 0,- > 0"}));
  EXPECT_EQ(Ways("Gemm", "transB=1", {"f32[3,6]", "f32[8,6]", "f32[8]"}, {"f32[3,8]"}),
            (Texts{"columns 8: -,0,0 > 1", "rows 6: 1,1,- > + first:2", "batch 3: 0,-,- > 0"}));
}

TEST(SplitRulesTest, ReshapesDivideAlongFactors) {
  EXPECT_EQ(
      Ways("Reshape", "", {"f32[2,5,24]", "i64[4]"}, {"f32[2,5,4,6]"}),
      (Texts{"elements 4: 2,- > 2 operand1[2]=4", "elements 6: 2[6|6|6|6],- > 3 operand1[3]=6",
             "elements 5: 1,- > 1 operand1[1]=5", "elements 2: 0,- > 0 operand1[0]=2"}));
}

TEST(SplitRulesTest, PackedProjectionsDivideEachByHeads) {
  EXPECT_EQ(Ways("com.microsoft:Attention", "num_heads=4", {"f32[1,5,8]", "f32[8,24]", "f32[24]"},
                 {"f32[1,5,8]"}),
            (Texts{"heads 4: -,1[8|8|8],0[8|8|8] > 2 num_heads[0]=4"}));
}

TEST(SplitRulesTest, BroadcastOperandsStayWhole) {
  EXPECT_EQ(Ways("Add", "", {"f32[2,4,5,5]", "f32[2,1,1,5]"}, {"f32[2,4,5,5]"}),
            (Texts{"elements 2: 0,0 > 0", "elements 4: 1,- > 1", "elements 5: 2,- > 2",
                   "elements 5: 3,3 > 3"}));
}

TEST(SplitRulesTest, NormalisedAxesStayWhole) {
  EXPECT_EQ(Ways("Softmax", "axis=-1", {"f32[2,4,6]"}, {"f32[2,4,6]"}),
            (Texts{"elements 2: 0 > 0", "elements 4: 1 > 1"}));
  EXPECT_EQ(Ways("LayerNormalization", "axis=-1", {"f32[2,6]", "f32[6]"}, {"f32[2,6]"}),
            (Texts{"elements 2: 0,- > 0"}));
}

TEST(SplitRulesTest, ScalesGoAlong) {
  EXPECT_EQ(Ways("DequantizeLinear", "axis=1", {"i8[6,8]", "f32[8]", "i8[8]"}, {"f32[6,8]"}),
            (Texts{"elements 6: 0,-,- > 0", "elements 8: 1,0,0 > 1"}));
}

TEST(SplitRulesTest, ConvolutionsDivideByChannelsOfEitherSide) {
  EXPECT_EQ(Ways("Conv", "", {"f32[2,3,9,9]", "f32[8,3,3,3]", "f32[8]"}, {"f32[2,8,7,7]"}),
            (Texts{"batch 2: 0,-,- > 0", "columns 8: -,0,0 > 1", "rows 3: 1,1,- > + first:2"}));
}

TEST(SplitRulesTest, UnknownSizesDivideNothing) {
  EXPECT_EQ(Ways("MatMul", "", {"f32[?,?]", "f32[?,?]"}, {"f32[?,?]"}), Texts());
  EXPECT_EQ(Ways("Relu", "", {"f32[...]"}, {"f32[...]"}), Texts());
}

// Whatever the operands are: no crash, and shares that fit the types.
TEST(SplitRulesTest, OddOperandsAreHarmless) {
  const std::vector<std::string> types = {"f32[]",      "f32[0]",       "f32[4]",    "f32[4,6]",
                                          "f32[2,4,6]", "f32[2,4,6,8]", "f32[...]",  "f32[?,4]",
                                          "i64[3]",     "f32[1,1,1,1]", "f32[2,?,6]"};
  Random random(1);
  const auto pick = [&] {
    return types[static_cast<size_t>(random.Below(static_cast<int64_t>(types.size())))];
  };
  for (const Operator& op : BuiltinOperators().records()) {
    if (op.split == nullptr) continue;
    for (int i = 0; i < 60; ++i) {
      ir::Module module = testing::EmptyModule();
      std::vector<std::string> operands;
      for (int64_t k = random.Below(8); k > 0; --k) operands.push_back(pick());
      const auto results = static_cast<size_t>(1 + random.Below(3));
      const ir::NodeId id = testing::AddOp(module, module.graph, OperatorName(op),
                                           i % 2 == 0 ? "" : "axis=1", operands, results);
      const ir::Node& node = module.graph.node(id);
      for (const ir::ValueId result : node.results) {
        module.graph.mutable_value(result).type = testing::ParseType(pick());
      }
      for (const SplitAxis& way : op.split(OpView(module, module.graph, node, nullptr, nullptr))) {
        SCOPED_TRACE(OperatorName(op) + " " + absl::StrJoin(operands, " ") + " " + WayText(way));
        EXPECT_GE(way.units, 2);
        ASSERT_EQ(way.operands.size(), node.operands.size());
        ASSERT_EQ(way.results.size(), node.results.size());
        for (const std::vector<SplitShare>* shares : {&way.operands, &way.results}) {
          for (const SplitShare& share : *shares) {
            for (const int64_t segment : share.segments) EXPECT_EQ(segment % way.units, 0);
            EXPECT_EQ(share.whole(), share.segments.empty());
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace allot
