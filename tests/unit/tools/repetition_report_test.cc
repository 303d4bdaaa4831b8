#include "tools/repetition_report.h"

#include <string>

#include "gmock/gmock.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Blocks of three nodes, so many, and after them operators that do not repeat.
ir::Graph Blocks(int blocks, int others) {
  const ir::Type type = ir::Type::Tensor(ir::ElementType::kFloat, ir::Shape{ir::Dim::Known(4)});
  ir::Graph graph;
  ir::ValueId x = graph.AddInput("x", type);
  const auto add = [&](const std::string& op, const std::string& name) {
    ir::Node node;
    node.name = name;
    node.op_type = op;
    node.operands = {x};
    x = graph.node(graph.AddNode(std::move(node), {{name + "_out", type}})).results[0];
  };
  for (int i = 0; i < blocks; ++i) {
    for (const char* op : {"Relu", "Exp", "Tanh"}) add(op, "layer" + std::to_string(i) + "/" + op);
  }
  for (int i = 0; i < others; ++i) add("Custom" + std::to_string(i), "other" + std::to_string(i));
  graph.SetOutputs({x});
  return graph;
}

TEST(RepetitionReportTest, NamesTheFirstBlock) {
  EXPECT_THAT(RepetitionLines(Blocks(5, 4)),
              ElementsAre("5 x 3 nodes (layer0/Relu to layer0/Tanh)"));
  EXPECT_EQ(
      PrintJsonCompact(RepetitionJson(Blocks(5, 4))),
      R"([{"count": 5, "nodes": 3, "first": "layer0/Relu", "last": "layer0/Tanh", "blocks": []}])");
}

TEST(RepetitionReportTest, SaysNothingOfModelsThatHardlyRepeat) {
  EXPECT_THAT(RepetitionLines(Blocks(5, 16)), IsEmpty());
}

}  // namespace
}  // namespace allot
