// What operators come down to: extents of products, windows, and what is computed besides.
#include "operators/counting/work_rules.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "operators/operators.h"
#include "support/random.h"
#include "tests/unit/operators/type_text.h"

namespace allot {
namespace {

struct Case {
  std::string op;
  std::string attributes;
  std::vector<std::string> operands;
  std::string result;
  std::vector<Extents> products;
  int64_t others = 0;
  int64_t window = 1;
};

OpWork WorkOf(const Case& one) {
  ir::Module module = testing::EmptyModule();
  const ir::NodeId id =
      testing::AddOp(module, module.graph, one.op, one.attributes, one.operands, 1);
  const ir::Node& node = module.graph.node(id);
  module.graph.mutable_value(node.results[0]).type = testing::ParseType(one.result);
  const Operator* op = BuiltinOperators().Find(node.domain, node.op_type);
  EXPECT_NE(op, nullptr) << one.op;
  if (op == nullptr || op->work == nullptr) return {};
  return op->work(OpView(module, module.graph, node, nullptr, nullptr)).value();
}

std::string Text(const std::vector<Extents>& products) {
  std::string text;
  for (const Extents& product : products) {
    absl::StrAppend(&text, "b", product.batch, " m", product.m, " n", product.n, " k", product.k,
                    "; ");
  }
  return text;
}

void Check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    SCOPED_TRACE(one.op + " {" + one.attributes + "}");
    const OpWork work = WorkOf(one);
    EXPECT_EQ(Text(work.products), Text(one.products));
    EXPECT_EQ(work.other_operations, one.others);
    EXPECT_EQ(work.window, one.window);
    int64_t flops = one.others;
    for (const Extents& product : one.products) {
      flops += 2 * product.batch * product.m * product.n * product.k;
    }
    EXPECT_EQ(Flops(work), flops);
  }
}

TEST(WorkRules, MatrixProducts) {
  Check({
      {"MatMul", "", {"f32[5,7]", "f32[7,3]"}, "f32[5,3]", {{1, 5, 3, 7}}},
      // All batches meet the same weights: they are rows.
      {"MatMul", "", {"f32[2,5,7]", "f32[7,3]"}, "f32[2,5,3]", {{1, 10, 3, 7}}},
      {"MatMul", "", {"f32[2,1,4,8]", "f32[3,8,6]"}, "f32[2,3,4,6]", {{6, 4, 6, 8}}},
      {"MatMul", "", {"f32[8]", "f32[8]"}, "f32[]", {{1, 1, 1, 8}}},
      {"MatMul", "", {"f32[8]", "f32[3,8,6]"}, "f32[3,6]", {{3, 1, 6, 8}}},
      {"MatMul", "", {"f32[3,5,8]", "f32[8]"}, "f32[3,5]", {{1, 15, 1, 8}}},
      {"Gemm", "transA=1", {"f32[7,5]", "f32[7,3]", "f32[3]"}, "f32[5,3]", {{1, 5, 3, 7}}, 15},
      {"Gemm", "", {"f32[5,7]", "f32[7,3]"}, "f32[5,3]", {{1, 5, 3, 7}}},
      {"QLinearMatMul",
       "",
       {"ui8[2,4,8]", "f32[]", "ui8[]", "ui8[2,8,6]", "f32[]", "ui8[]", "f32[]", "ui8[]"},
       "ui8[2,4,6]",
       {{2, 4, 6, 8}}},
      {"com.microsoft:MatMulNBits",
       "K=64 N=32",
       {"f16[2,10,64]", "ui8[32,2,16]", "f16[64]"},
       "f16[2,10,32]",
       {{1, 20, 32, 64}}},
      {"com.microsoft:CDist", "", {"f32[5,7]", "f32[3,7]"}, "f32[5,3]", {{1, 5, 3, 7}}, 105},
      {"Einsum", "equation='ij,jk->ik'", {"f32[2,3]", "f32[3,5]"}, "f32[2,5]", {{1, 2, 5, 3}}},
      {"Einsum",
       "equation='bhid,bhjd->bhij'",
       {"f32[2,4,8,16]", "f32[2,4,9,16]"},
       "f32[2,4,8,9]",
       {{8, 8, 9, 16}}},
      {"Einsum", "equation='i,j->ij'", {"f32[2]", "f32[3]"}, "f32[2,3]", {}, 6},
      {"Det", "", {"f32[4,6,6]"}, "f32[4]", {}, 2 * 144 * 6 / 3},
      {"ai.onnx.ml:LinearRegressor",
       "coefficients=[1.0,2.0,3.0,4.0,5.0,6.0]",
       {"f32[9,3]"},
       "f32[9,2]",
       {{1, 9, 2, 3}}},
      // Of what is not known nothing is made up.
      {"MatMul", "", {"f32[...]", "f32[7,3]"}, "f32[?,3]", {{1, 0, 1, 0}}},
  });
}

TEST(WorkRules, ConvolutionsAreProductsOfWhatTheKernelCovers) {
  Check({
      {"Conv",
       "",
       {"f32[1,3,224,224]", "f32[64,3,7,7]", "f32[64]"},
       "f32[1,64,112,112]",
       {{1, 112 * 112, 64, 3 * 49}},
       64 * 112 * 112,
       49},
      {"Conv",
       "group=32",
       {"f32[2,32,14,14]", "f32[32,1,3,3]"},
       "f32[2,32,14,14]",
       {{32, 2 * 14 * 14, 1, 9}},
       0,
       9},
      {"Conv", "group=2", {"f32[1,8,10]", "f32[6,4,3]"}, "f32[1,6,8]", {{2, 8, 3, 12}}, 0, 3},
      {"ConvTranspose",
       "group=2",
       {"f32[1,8,10]", "f32[8,3,4]"},
       "f32[1,6,13]",
       {{2, 10, 12, 4}},
       0,
       4},
      {"CausalConvWithState",
       "",
       {"f32[2,6,10]", "f32[6,1,4]"},
       "f32[2,6,10]",
       {{6, 20, 1, 4}},
       0,
       4},
      {"MaxPool", "kernel_shape=[3,3]", {"f32[1,8,9,9]"}, "f32[1,8,7,7]", {}, 9 * 8 * 49, 9},
      {"Relu", "", {"f32[7]"}, "f32[7]", {}, 7},
  });
}

// Groups that divide nothing, as of a broken model, change how it is written and not how much it
// is.
TEST(WorkRules, NoDivisionLosesWork) {
  Random random(3);
  for (int i = 0; i < 500; ++i) {
    const int64_t channels = random.Between(1, 12), filters = random.Between(1, 12);
    const int64_t size = random.Between(1, 9), batch = random.Between(1, 3);
    const Case one = {"Conv",
                      absl::StrCat("group=", random.Between(-1, 7)),
                      {absl::StrCat("f32[", batch, ",", channels, ",", size, "]"),
                       absl::StrCat("f32[", filters, ",", channels, ",2]")},
                      absl::StrCat("f32[", batch, ",", random.Between(1, 12), ",", size, "]"),
                      {}};
    const int64_t results = *ir::NumElements(*testing::ParseType(one.result).shape);
    EXPECT_EQ(Flops(WorkOf(one)), 2 * results * channels * 2) << one.attributes;
  }
}

TEST(WorkRules, RecurrentCellsMultiplyInputsAtOnceAndStatesStepByStep) {
  Check({{"LSTM",
          "direction='bidirectional'",
          {"f32[10,2,16]", "f32[2,32,16]", "f32[2,32,8]"},
          "f32[10,2,2,8]",
          {{2, 20, 32, 16}, {20, 2, 32, 8}},
          20 * 10 * 64}});
}

TEST(WorkRules, AttentionIsTwoProductsForEachHead) {
  const int64_t softmax = 12 * (2 * 4 * 8) * 9;
  Check({
      {"Attention",
       "",
       {"f32[2,4,8,16]", "f32[2,4,9,16]", "f32[2,4,9,5]"},
       "f32[2,4,8,5]",
       {{8, 8, 9, 16}, {8, 8, 5, 9}},
       softmax},
      {"Attention",
       "q_num_heads=4 kv_num_heads=4",
       {"f32[2,8,64]", "f32[2,9,64]", "f32[2,9,64]"},
       "f32[2,8,64]",
       {{8, 8, 9, 16}, {8, 8, 16, 9}},
       softmax},
      {"com.microsoft:MultiHeadAttention",
       "num_heads=4",
       {"f32[2,8,64]", "f32[2,9,64]", "f32[2,9,64]"},
       "f32[2,8,64]",
       {{8, 8, 9, 16}, {8, 8, 16, 9}},
       softmax},
      {"com.microsoft:Attention",
       "num_heads=4",
       {"f32[2,8,64]", "f32[64,192]"},
       "f32[2,8,64]",
       {{1, 16, 192, 64}, {8, 8, 8, 16}, {8, 8, 16, 8}},
       12 * (2 * 4 * 8) * 8},
  });
}

// fc1 leads from 16 to 40, fc2 back, for each of 2 experts that a row meets.
TEST(WorkRules, ExpertsMultiplyTheirRows) {
  Check({{"com.microsoft:MoE",
          "k=2",
          {"f32[6,16]", "f32[6,4]", "f32[4,16,40]", "f32[4,40]", "f32[4,40,16]"},
          "f32[6,16]",
          {{1, 12, 40, 16}, {1, 12, 16, 40}}}});
}

}  // namespace
}  // namespace allot
