// Backward passes as text: which operands get a gradient; the products, "bxmxkxn" of [m, k] x [k,
// n]; what else is computed; what is kept: operands, results, and bytes of other things.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "operators/backward_default.h"
#include "operators/operators.h"
#include "support/random.h"
#include "tests/unit/operators/type_text.h"

namespace allot {
namespace {

std::string Numbers(const std::vector<bool>& set) {
  std::vector<std::string> numbers;
  for (size_t i = 0; i < set.size(); ++i) {
    if (set[i]) numbers.push_back(absl::StrCat(i));
  }
  return numbers.empty() ? "-" : absl::StrJoin(numbers, ",");
}

std::string TextOf(const Backward& backward) {
  std::vector<std::string> products;
  for (const Extents& of : backward.work.products) {
    products.push_back(absl::StrCat(of.batch, "x", of.m, "x", of.k, "x", of.n));
  }
  return absl::StrCat("to ", Numbers(backward.gradients), products.empty() ? "" : " by ",
                      absl::StrJoin(products, " "), " and ", backward.work.other_operations,
                      "; keeps ", Numbers(backward.keeps_operands), " > ",
                      Numbers(backward.keeps_results),
                      backward.keeps_more > 0 ? absl::StrCat(" +", backward.keeps_more) : "",
                      backward.view ? " view" : "");
}

// `wanted`: as many letters as operands, 'y' or 'n'; empty: all.
std::string Rule(const std::string& op, const std::string& attributes,
                 const std::vector<std::string>& operands, const std::vector<std::string>& results,
                 const std::string& wanted = "") {
  ir::Module module = testing::EmptyModule();
  const ir::NodeId id =
      testing::AddOp(module, module.graph, op, attributes, operands, results.size());
  const ir::Node& node = module.graph.node(id);
  for (size_t i = 0; i < results.size(); ++i) {
    module.graph.mutable_value(node.results[i]).type = testing::ParseType(results[i]);
  }
  const Operator* record = BuiltinOperators().Find(node.domain, node.op_type);
  EXPECT_NE(record, nullptr) << op;
  if (record == nullptr || record->backward == nullptr) return "no rule";
  const OpView view(module, module.graph, node, nullptr, nullptr);
  std::vector<bool> asks;
  for (size_t i = 0; i < node.operands.size(); ++i) {
    asks.push_back(wanted.empty() || wanted[i] == 'y');
  }
  OpWork forward;
  if (record->work != nullptr) forward = *record->work(view);
  return TextOf(record->backward(view, asks, forward));
}

TEST(BackwardRulesTest, ProductsTakeTwoAndKeepWhatTheyMultiply) {
  EXPECT_EQ(Rule("MatMul", "", {"f32[2,5,6]", "f32[6,8]"}, {"f32[2,5,8]"}),
            "to 0,1 by 1x10x8x6 1x6x10x8 and 0; keeps 0,1 > -");
  // Without a gradient of the data: the weights' alone, for which the data is kept.
  EXPECT_EQ(Rule("MatMul", "", {"f32[2,5,6]", "f32[6,8]"}, {"f32[2,5,8]"}, "ny"),
            "to 1 by 1x6x10x8 and 0; keeps 0 > -");
  // Frozen weights: the data's alone, for which the weights are there anyway.
  EXPECT_EQ(Rule("MatMul", "", {"f32[2,5,6]", "f32[6,8]"}, {"f32[2,5,8]"}, "yn"),
            "to 0 by 1x10x8x6 and 0; keeps 1 > -");
  EXPECT_EQ(Rule("Gemm", "transB=1", {"f32[3,6]", "f32[8,6]", "f32[8]"}, {"f32[3,8]"}),
            "to 0,1,2 by 1x3x8x6 1x6x3x8 and 24; keeps 0,1 > -");
  EXPECT_EQ(Rule("Conv", "", {"f32[2,3,9,9]", "f32[8,3,3,3]", "f32[8]"}, {"f32[2,8,7,7]"}),
            "to 0,1,2 by 1x98x8x27 1x27x98x8 and 784; keeps 0,1 > -");
  EXPECT_EQ(Rule("MatMulInteger", "", {"ui8[5,6]", "i8[6,8]"}, {"i32[5,8]"}),
            "to - and 0; keeps - > -");
}

TEST(BackwardRulesTest, AttentionKeepsItsProbabilities) {
  // Scores of 1 x 4 heads, 5 x 5; twice two products.
  EXPECT_EQ(Rule("Attention", "q_num_heads=4 kv_num_heads=4",
                 {"f32[1,5,8]", "f32[1,5,8]", "f32[1,5,8]"}, {"f32[1,5,8]"})
                .substr(0, 30),
            "to 0,1,2 by 4x5x5x2 4x2x5x5 4x");
  EXPECT_NE(Rule("Attention", "q_num_heads=4 kv_num_heads=4",
                 {"f32[1,5,8]", "f32[1,5,8]", "f32[1,5,8]"}, {"f32[1,5,8]"})
                .find("keeps 0,1,2 > - +400"),
            std::string::npos);
}

TEST(BackwardRulesTest, ActivationsKeepWhatTheirDerivativeIsOf) {
  EXPECT_EQ(Rule("Relu", "", {"f32[2,6]"}, {"f32[2,6]"}), "to 0 and 12; keeps - > 0");
  EXPECT_EQ(Rule("Tanh", "", {"f32[2,6]"}, {"f32[2,6]"}), "to 0 and 36; keeps - > 0");
  EXPECT_EQ(Rule("Gelu", "", {"f32[2,6]"}, {"f32[2,6]"}), "to 0 and 408; keeps 0 > -");
  EXPECT_EQ(Rule("Softmax", "", {"f32[2,6]"}, {"f32[2,6]"}), "to 0 and 48; keeps - > 0");
  EXPECT_EQ(Rule("Cast", "", {"f32[2,6]"}, {"f32[2,6]"}), "to 0 and 12; keeps - > -");
  EXPECT_EQ(Rule("Round", "", {"f32[2,6]"}, {"f32[2,6]"}), "to - and 0; keeps - > -");
}

TEST(BackwardRulesTest, SumsKeepNothingAndProductsKeepTheOther) {
  EXPECT_EQ(Rule("Add", "", {"f32[2,6]", "f32[6]"}, {"f32[2,6]"}), "to 0,1 and 12; keeps - > -");
  EXPECT_EQ(Rule("Mul", "", {"f32[2,6]", "f32[2,6]"}, {"f32[2,6]"}, "yn"),
            "to 0 and 24; keeps 1 > -");
  EXPECT_EQ(Rule("Mul", "", {"f32[2,6]", "f32[2,6]"}, {"f32[2,6]"}),
            "to 0,1 and 24; keeps 0,1 > -");
  EXPECT_EQ(Rule("Where", "", {"i1[2,6]", "f32[2,6]", "f32[]"}, {"f32[2,6]"}, "nyn"),
            "to 1 and 12; keeps 0 > -");
}

TEST(BackwardRulesTest, NormsKeepTheirStatistics) {
  EXPECT_EQ(
      Rule("LayerNormalization", "axis=-1", {"f32[2,5,6]", "f32[6]", "f32[6]"}, {"f32[2,5,6]"}),
      "to 0,1,2 and 840; keeps 0,1 > - +80");
  EXPECT_EQ(Rule("BatchNormalization", "", {"f32[2,3,4,4]", "f32[3]", "f32[3]", "f32[3]", "f32[3]"},
                 {"f32[2,3,4,4]"}),
            "to 0,1,2 and 864; keeps 0,1 > - +24");
  EXPECT_EQ(Rule("MaxPool", "kernel_shape=[2,2] strides=[2,2]", {"f32[1,3,4,4]"}, {"f32[1,3,2,2]"}),
            "to 0 and 12; keeps - > - +96");
}

TEST(BackwardRulesTest, LossesKeepLabels) {
  EXPECT_EQ(Rule("SoftmaxCrossEntropyLoss", "", {"f32[8,10]", "i64[8]"}, {"f32[]"}),
            "to 0 and 2080; keeps 1 > - +320");
  EXPECT_EQ(Rule("NegativeLogLikelihoodLoss", "", {"f32[8,10]", "i64[8]"}, {"f32[]"}),
            "to 0 and 80; keeps 1 > -");
}

TEST(BackwardRulesTest, MovementKeepsIndicesOnly) {
  EXPECT_EQ(Rule("Reshape", "", {"f32[2,6]", "i64=12"}, {"f32[12]"}),
            "to 0 and 0; keeps - > - view");
  EXPECT_EQ(Rule("Transpose", "", {"f32[2,6]"}, {"f32[6,2]"}), "to 0 and 0; keeps - > -");
  EXPECT_EQ(Rule("Gather", "", {"f32[100,6]", "i64[5]"}, {"f32[5,6]"}), "to 0 and 0; keeps 1 > -");
  EXPECT_EQ(Rule("Concat", "axis=0", {"f32[2,6]", "f32[3,6]"}, {"f32[5,6]"}),
            "to 0,1 and 0; keeps - > -");
  EXPECT_EQ(Rule("Shape", "", {"f32[2,6]"}, {"i64[2]"}), "to - and 0; keeps - > -");
}

TEST(BackwardRulesTest, WhatNobodyHasARuleForKeepsAll) {
  ir::Module module = testing::EmptyModule();
  const ir::NodeId id =
      testing::AddOp(module, module.graph, "acme:Odd", "", {"f32[2,6]", "i64[3]"}, 1);
  const OpView view(module, module.graph, module.graph.node(id), nullptr, nullptr);
  EXPECT_EQ(TextOf(DefaultBackward(view, {true, true}, 50)), "to 0 and 100; keeps 0,1 > 0");
  EXPECT_EQ(TextOf(DefaultBackward(view, {false, true}, 50)), "to - and 0; keeps - > -");
}

// Operators with weights have rules of their own: what they cost and keep is no guess.
TEST(BackwardRulesTest, AllOperatorsWithWeightsHaveRules) {
  for (const Operator& op : BuiltinOperators().records()) {
    if (op.family != OpFamily::kMatrix || !op.domain.empty()) continue;
    EXPECT_NE(op.backward, nullptr) << OperatorName(op);
  }
}

// Whatever the operands are: no crash, and answers of the node's sizes.
TEST(BackwardRulesTest, OddOperandsAreHarmless) {
  const std::vector<std::string> types = {"f32[]",      "f32[0]",       "f32[4]",   "f32[4,6]",
                                          "f32[2,4,6]", "f32[2,4,6,8]", "f32[...]", "f32[?,4]",
                                          "i64[3]",     "f16[2,4]",     "?"};
  Random random(1);
  const auto pick = [&] {
    return types[static_cast<size_t>(random.Below(static_cast<int64_t>(types.size())))];
  };
  for (const Operator& op : BuiltinOperators().records()) {
    if (op.backward == nullptr) continue;
    for (int i = 0; i < 40; ++i) {
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
      SCOPED_TRACE(OperatorName(op) + " " + absl::StrJoin(operands, " "));
      const OpView view(module, module.graph, node, nullptr, nullptr);
      OpWork forward;
      if (op.work != nullptr) {
        const auto work = op.work(view);
        if (work.ok()) forward = *work;
      }
      std::vector<bool> wanted;
      for (size_t k = 0; k < node.operands.size(); ++k) wanted.push_back(random.Below(2) == 0);
      const Backward backward = op.backward(view, wanted, forward);
      ASSERT_EQ(backward.gradients.size(), node.operands.size());
      ASSERT_EQ(backward.keeps_operands.size(), node.operands.size());
      ASSERT_EQ(backward.keeps_results.size(), node.results.size());
      for (size_t k = 0; k < wanted.size(); ++k) EXPECT_LE(backward.gradients[k], wanted[k]);
      EXPECT_GE(backward.keeps_more, 0);
      EXPECT_GE(Flops(backward.work), 0);
    }
  }
}

}  // namespace
}  // namespace allot
