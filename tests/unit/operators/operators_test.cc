#include "operators/operators.h"

#include <gtest/gtest.h>

namespace allot {
namespace {

Operator Named(std::string domain, std::string op_type, OpFamily family) {
  Operator op;
  op.domain = std::move(domain);
  op.op_type = std::move(op_type);
  op.family = family;
  return op;
}

TEST(Operators, FindsByDomainAndName) {
  Operators operators;
  EXPECT_EQ(operators.Find("", "Conv"), nullptr);
  operators.Add(Named("ai.onnx", "Conv", OpFamily::kMatrix));
  operators.Add(Named("acme", "Conv", OpFamily::kReduction));
  ASSERT_NE(operators.Find("", "Conv"), nullptr);
  EXPECT_EQ(operators.Find("ai.onnx", "Conv"), operators.Find("", "Conv"));
  EXPECT_EQ(operators.Find("acme", "Conv")->family, OpFamily::kReduction);
  EXPECT_EQ(operators.Find("acme", "Relu"), nullptr);
  EXPECT_EQ(OperatorName(operators.records()[0]), "Conv");
  EXPECT_EQ(OperatorName(operators.records()[1]), "acme:Conv");
}

TEST(Operators, CopiesShareUntilOneChanges) {
  Operators first;
  first.Add(Named("acme", "A", OpFamily::kMatrix));
  Operators second = first;
  EXPECT_EQ(second.Find("acme", "A"), first.Find("acme", "A"));
  second.Add(Named("acme", "B", OpFamily::kMatrix));
  second.Add(Named("acme", "A", OpFamily::kMovement));
  EXPECT_EQ(first.Find("acme", "B"), nullptr);
  EXPECT_EQ(first.Find("acme", "A")->family, OpFamily::kMatrix);
  EXPECT_EQ(second.Find("acme", "A")->family, OpFamily::kMovement);
  EXPECT_EQ(second.records().size(), 2u) << "a name that is there is replaced";
}

TEST(Operators, BuiltInOnesHaveOneRecordEach) {
  const Operators& operators = BuiltinOperators();
  size_t with_shape = 0, with_value = 0;
  for (const Operator& op : operators.records()) {
    EXPECT_EQ(operators.Find(op.domain, op.op_type), &op) << OperatorName(op);
    EXPECT_TRUE(op.value == nullptr || op.shape != nullptr)
        << OperatorName(op) << ": its value rule would never run";
    with_shape += op.shape != nullptr ? 1 : 0;
    with_value += op.value != nullptr ? 1 : 0;
  }
  EXPECT_GT(operators.records().size(), 340u);
  EXPECT_GT(with_shape, 260u);
  EXPECT_GT(with_value, 40u);
  Operators more = operators;
  more.Add(Named("acme", "A", OpFamily::kMatrix));
  EXPECT_EQ(BuiltinOperators().Find("acme", "A"), nullptr);
}

}  // namespace
}  // namespace allot
