// Models as chains of blocks.
#include "passes/coarsening/chain_of_blocks.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"

namespace allot {
namespace {

using ::testing::ElementsAre;

const ir::Type kTensor =
    ir::Type::Tensor(ir::ElementType::kFloat, ir::Shape{ir::Dim::Known(8), ir::Dim::Known(8)});

ir::Graph ChainOf(const std::vector<std::string>& ops) {
  ir::Graph graph;
  ir::ValueId x = graph.AddInput("x", kTensor);
  for (size_t i = 0; i < ops.size(); ++i) {
    ir::Node node;
    node.op_type = ops[i];
    node.operands = {x};
    x = graph.node(graph.AddNode(std::move(node), {{"v" + std::to_string(i), kTensor}})).results[0];
  }
  graph.SetOutputs({x});
  return graph;
}

NodeGrouping Grouped(const ir::Graph& graph, const std::vector<int>& group_of) {
  NodeGrouping groups;
  groups.group_of.resize(graph.node_id_bound());
  for (size_t i = 0; i < group_of.size(); ++i) {
    groups.group_of[ir::NodeId(i)] = ItemId(static_cast<int32_t>(group_of[i]));
    groups.num_groups = static_cast<size_t>(group_of[i]) + 1;
  }
  return groups;
}

TEST(ChainOfBlocksTest, LayersAreBlocks) {
  const ir::Graph graph = ChainOf({"Gather", "MatMul", "Add", "Relu", "MatMul", "Add", "Relu",
                                   "MatMul", "Add", "Relu", "MatMul", "Add", "Relu", "Softmax"});
  // One group for two nodes, of which those of the third layer's end reach into the fourth.
  const ChainOfBlocks chain =
      FindChainOfBlocks(graph, Grouped(graph, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 10, 11, 12}));
  EXPECT_EQ(chain.num_blocks, 6);
  EXPECT_THAT(chain.block_of.raw(), ElementsAre(0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4, 5));
}

TEST(ChainOfBlocksTest, WhatDoesNotRepeatIsNone) {
  const ir::Graph graph = ChainOf({"Gather", "MatMul", "Add", "Relu", "Sigmoid", "Exp", "Softmax"});
  EXPECT_EQ(FindChainOfBlocks(graph, Grouped(graph, {0, 1, 2, 3, 4, 5, 6})).num_blocks, 0);
}

}  // namespace
}  // namespace allot
