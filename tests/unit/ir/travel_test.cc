#include "ir/travel.h"

#include "gtest/gtest.h"

#include "tests/models/build_graph.h"

namespace allot::ir {
namespace {

using testing::F32;
using testing::ModuleBuilder;

Node Operator(const std::string& op_type, const std::string& domain = "") {
  Node node;
  node.op_type = op_type;
  node.domain = domain;
  return node;
}

TEST(TravelTest, RandomUnknownAndNestedWorkIsNotRepeatable) {
  EXPECT_TRUE(IsRepeatable(Operator("Cos")));
  EXPECT_TRUE(IsRepeatable(Operator("DequantizeLinear", "com.microsoft")));
  EXPECT_FALSE(IsRepeatable(Operator("Anything", "vendor")));
  for (const char* random :
       {"RandomNormal", "RandomUniformLike", "Multinomial", "Bernoulli", "Dropout"}) {
    EXPECT_FALSE(IsRepeatable(Operator(random))) << random;
  }
  EXPECT_FALSE(IsRepeatable(Operator("BitmaskDropout", "com.microsoft")));
  Node with_body = Operator("If");
  with_body.regions.emplace_back();
  EXPECT_FALSE(IsRepeatable(with_body));
}

TEST(TravelTest, AllThatItUsesIsThereInEveryPart) {
  ModuleBuilder m;
  const ValueId x = m.Input("x", F32({2}));
  const ValueId a = m.Op("Add", {x, m.Weight("w", {2})}, F32({2}));
  const ValueId y = m.Op("Relu", {a}, F32({2}));
  const Module module = std::move(m).Finish({y});
  IdVector<NodeId, bool> travels(module.graph.node_id_bound(), false);
  EXPECT_TRUE(MayTravel(module.graph, NodeId(0), travels));
  EXPECT_FALSE(MayTravel(module.graph, NodeId(1), travels));
  travels[NodeId(0)] = true;
  EXPECT_TRUE(MayTravel(module.graph, NodeId(1), travels));
}

}  // namespace
}  // namespace allot::ir
