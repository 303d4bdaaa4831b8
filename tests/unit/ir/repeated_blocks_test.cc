// Which runs of nodes are found to repeat.
#include "ir/repeated_blocks.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"

#include "tests/models/build_graph.h"

namespace allot::ir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Type kTensor = Type::Tensor(ElementType::kFloat, Shape{Dim::Known(8), Dim::Known(8)});

class Chain {
 public:
  // A chain of operators, each of which takes the result of the one before and, where it is "Add",
  // that of the last "Add" as well.
  explicit Chain(const std::vector<std::string>& ops) {
    ValueId x = graph_.AddInput("x", kTensor), skip = x;
    for (const std::string& op : ops) {
      Node node;
      node.op_type = op;
      node.operands = {x};
      if (op == "Add") node.operands.push_back(skip);
      const NodeId id =
          graph_.AddNode(std::move(node), {{"v" + std::to_string(count_++), kTensor}});
      x = graph_.node(id).results[0];
      if (op == "Add") skip = x;
    }
    graph_.SetOutputs({x});
  }
  const Graph& graph() const { return graph_; }

 private:
  Graph graph_;
  int count_ = 0;
};

std::vector<std::string> Repeat(const std::vector<std::string>& block, int times,
                                std::vector<std::string> before = {}) {
  for (int i = 0; i < times; ++i) before.insert(before.end(), block.begin(), block.end());
  return before;
}

TEST(RepeatedBlocksTest, LayersAreFoundBetweenWhatIsNoLayer) {
  std::vector<std::string> ops =
      Repeat({"Relu", "MatMul", "Tanh", "Add"}, 5, {"Gather", "Sigmoid"});
  ops.push_back("Softmax");
  const std::vector<RepeatedBlock> blocks = FindRepeatedBlocks(Chain(ops).graph());
  ASSERT_THAT(blocks, SizeIs(1));
  // They are cut where a skip ends, not within one.
  EXPECT_EQ(blocks[0].begin, 2u);
  EXPECT_EQ(blocks[0].nodes, 4u);
  EXPECT_EQ(blocks[0].count, 5u);
  EXPECT_EQ(blocks[0].end(), 22u);
  EXPECT_THAT(blocks[0].inner, IsEmpty());
}

TEST(RepeatedBlocksTest, BlocksHoldBlocks) {
  const std::vector<std::string> experts = Repeat({"MatMul", "Relu", "Exp"}, 4, {"Softmax", "Neg"});
  const std::vector<RepeatedBlock> blocks = FindRepeatedBlocks(Chain(Repeat(experts, 3)).graph());
  ASSERT_THAT(blocks, SizeIs(1));
  EXPECT_EQ(blocks[0].nodes, 14u);
  EXPECT_EQ(blocks[0].count, 3u);
  ASSERT_THAT(blocks[0].inner, SizeIs(1));
  EXPECT_EQ(blocks[0].inner[0].nodes, 3u);
  EXPECT_EQ(blocks[0].inner[0].count, 4u);
}

TEST(RepeatedBlocksTest, StagesAreFoundOneAfterTheOther) {
  std::vector<std::string> ops = Repeat({"Relu", "MatMul", "Add"}, 4);
  ops = Repeat({"Tanh", "Conv", "Exp", "Add"}, 6, ops);
  std::vector<size_t> counts;
  for (const RepeatedBlock& block : FindRepeatedBlocks(Chain(ops).graph())) {
    counts.push_back(block.count);
  }
  EXPECT_THAT(counts, ElementsAre(4, 6));
}

TEST(RepeatedBlocksTest, TwiceIsNoRepetition) {
  EXPECT_THAT(FindRepeatedBlocks(Chain(Repeat({"Relu", "MatMul", "Add"}, 2)).graph()), IsEmpty());
  EXPECT_THAT(FindRepeatedBlocks(Chain({}).graph()), IsEmpty());
  EXPECT_THAT(FindRepeatedBlocks(Chain(Repeat({"Relu", "Tanh"}, 9)).graph()), IsEmpty());
}

}  // namespace
}  // namespace allot::ir
