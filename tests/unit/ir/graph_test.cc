#include "ir/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/verify.h"
#include "support/random.h"
#include "tests/models/random_graph.h"

namespace allot::ir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Type Floats() { return Type::Tensor(ElementType::kFloat, Shape{Dim::Known(2)}); }

Node Op(const std::string& op_type, std::vector<ValueId> operands) {
  Node node;
  node.op_type = op_type;
  node.operands = std::move(operands);
  return node;
}

ValueId AddOp(Graph& graph, const std::string& op_type, std::vector<ValueId> operands,
              const std::string& result) {
  const NodeId node = graph.AddNode(Op(op_type, std::move(operands)), {{result, Floats()}});
  return graph.node(node).results[0];
}

// An If whose bodies capture `captured` and give Relu of it.
Node IfThatCaptures(ValueId condition, ValueId captured, const std::string& name) {
  Node node = Op("If", {condition});
  node.captures = {captured};
  for (const char* result : {"then_y", "else_y"}) {
    Graph body;
    const ValueId inside = body.AddCapture(name, Floats());
    body.SetOutputs({AddOp(body, "Relu", {inside}, result)});
    node.regions.push_back(std::move(body));
  }
  return node;
}

TEST(GraphTest, KeepsUsersInIdOrderEachOnce) {
  Graph graph;
  const ValueId x = graph.AddInput("x", Floats());
  const ValueId y = AddOp(graph, "Add", {x, x}, "y");
  const ValueId z = AddOp(graph, "Mul", {x, y}, "z");
  graph.SetOutputs({z});
  EXPECT_THAT(graph.users(x), ElementsAre(NodeId(0), NodeId(1)));
  EXPECT_THAT(graph.users(y), ElementsAre(NodeId(1)));
  EXPECT_TRUE(graph.IsOutput(z));
  EXPECT_FALSE(graph.IsOutput(y));

  graph.SetOperand(NodeId(0), 0, ValueId());
  EXPECT_THAT(graph.users(x), ElementsAre(NodeId(0), NodeId(1))) << "operand 1 still uses x";
  graph.SetOperand(NodeId(0), 1, ValueId());
  EXPECT_THAT(graph.users(x), ElementsAre(NodeId(1)));
}

TEST(GraphTest, ReplaceUsesReachesOperandsOutputsAndCaptures) {
  Graph graph;
  const ValueId c = graph.AddInput("c", Type::Tensor(ElementType::kBool, Shape{}));
  const ValueId x = graph.AddInput("x", Floats());
  const ValueId id = AddOp(graph, "Identity", {x}, "id");
  const NodeId branch = graph.AddNode(IfThatCaptures(c, id, "id"), {{"y", Floats()}});
  graph.SetOutputs({graph.node(branch).results[0], id});

  graph.ReplaceUses(id, x);
  EXPECT_THAT(graph.users(id), IsEmpty());
  EXPECT_THAT(graph.users(x), ElementsAre(NodeId(0), branch));
  EXPECT_THAT(graph.node(branch).captures, ElementsAre(x));
  EXPECT_TRUE(graph.IsOutput(x));
  const Graph& body = graph.node(branch).regions[0];
  EXPECT_EQ(body.value(body.captures()[0]).name, "x") << "bodies see values by their name";

  graph.Erase(NodeId(0));
  ASSERT_TRUE(graph.Compact());
  EXPECT_EQ(graph.num_nodes(), 1u);
}

TEST(GraphTest, ReplaceUsesMergesTwoCapturesThatBecomeOne) {
  Graph graph;
  const ValueId x = graph.AddInput("x", Floats());
  const ValueId id = AddOp(graph, "Identity", {x}, "id");
  Node node = Op("If", {x});
  node.captures = {x, id};
  Graph body;
  const ValueId a = body.AddCapture("x", Floats());
  const ValueId b = body.AddCapture("id", Floats());
  body.SetOutputs({AddOp(body, "Add", {a, b}, "sum")});
  node.regions.push_back(std::move(body));
  const NodeId branch = graph.AddNode(std::move(node), {{"y", Floats()}});

  graph.ReplaceUses(id, x);
  EXPECT_THAT(graph.node(branch).captures, ElementsAre(x));
  const Graph& merged = graph.node(branch).regions[0];
  EXPECT_THAT(merged.captures(), ElementsAre(a));
  EXPECT_THAT(merged.node(NodeId(0)).operands, ElementsAre(a, a));
  EXPECT_THAT(merged.users(a), ElementsAre(NodeId(0)));
}

TEST(GraphTest, RenameReachesEveryNestingLevel) {
  Graph graph;
  const ValueId x = graph.AddInput("x", Floats());
  Graph outer_body;
  const ValueId inside = outer_body.AddCapture("x", Floats());
  const NodeId inner = outer_body.AddNode(IfThatCaptures(inside, inside, "x"), {{"r", Floats()}});
  outer_body.SetOutputs({outer_body.node(inner).results[0]});
  Node node = Op("If", {x});
  node.captures = {x};
  node.regions.push_back(std::move(outer_body));
  const NodeId outer = graph.AddNode(std::move(node), {{"y", Floats()}});

  graph.Rename(x, "renamed");
  const Graph& level1 = graph.node(outer).regions[0];
  const Graph& level2 = level1.node(inner).regions[1];
  EXPECT_EQ(level1.value(level1.captures()[0]).name, "renamed");
  EXPECT_EQ(level2.value(level2.captures()[0]).name, "renamed");
}

// A body whose value "b" hides an outer one, around an If that captures `outer` and "b" itself.
Graph HidingBody() {
  Graph body;
  const ValueId outer = body.AddCapture("outer", Floats());
  const ValueId hiding = AddOp(body, "Neg", {outer}, "b");
  AddOp(body, "Neg", {outer}, "b_1");
  Graph inner;
  const ValueId hidden = inner.AddCapture("b", Floats());
  const ValueId own = inner.AddCapture("outer", Floats());
  inner.SetOutputs({AddOp(inner, "Add", {hidden, own}, "sum")});
  Node node = Op("If", {hiding});
  node.captures = {hiding, outer};
  node.regions.push_back(std::move(inner));
  const NodeId branch = body.AddNode(std::move(node), {{"r", Floats()}});
  body.SetOutputs({body.node(branch).results[0]});
  return body;
}

TEST(GraphTest, NewNamesMakeRoomInBodiesThatUseThemForOthers) {
  for (const bool replace : {false, true}) {
    Graph graph;
    const ValueId b = graph.AddInput(replace ? "b" : "x", Floats());
    const ValueId outer = AddOp(graph, "Identity", {b}, "outer");
    Node node = Op("If", {outer});
    node.captures = {outer};
    node.regions.push_back(HidingBody());
    const NodeId branch = graph.AddNode(std::move(node), {{"y", Floats()}});
    if (replace) {
      graph.ReplaceUses(outer, b);
    } else {
      graph.Rename(outer, "b");
    }
    const Graph& body = graph.node(branch).regions[0];
    EXPECT_EQ(body.value(body.captures()[0]).name, "b");
    const ValueId hiding = body.node(NodeId(0)).results[0];
    EXPECT_EQ(body.value(hiding).name, "b_2");
    const Graph& inner = body.node(NodeId(2)).regions[0];
    EXPECT_EQ(inner.value(inner.captures()[0]).name, "b_2");
    EXPECT_EQ(inner.value(inner.captures()[1]).name, "b");
  }
}

TEST(GraphTest, CompactSortsStablyAndRenumbers) {
  Graph graph;
  const ValueId x = graph.AddInput("x", Floats());
  graph.AddInitializer("unused", Floats(), ConstantId(0));
  const ValueId w = graph.AddInitializer("w", Floats(), ConstantId(1));
  // Ids: 0 uses the result of 2, 1 and 3 are free.
  const NodeId late = graph.AddNode(Op("Late", {x}), {{"late", Floats()}});
  AddOp(graph, "A", {x}, "a");
  const ValueId early = AddOp(graph, "Early", {x, w}, "early");
  AddOp(graph, "B", {x}, "b");
  graph.SetOperand(late, 0, early);
  graph.SetOutputs({graph.node(late).results[0]});

  ASSERT_TRUE(graph.Compact());
  std::vector<std::string> order;
  for (const NodeId node : graph.nodes()) order.push_back(graph.node(node).op_type);
  EXPECT_THAT(order, ElementsAre("A", "Early", "Late", "B"));
  std::vector<std::string> values;
  for (size_t i = 0; i < graph.value_id_bound(); ++i)
    values.push_back(graph.value(ValueId(i)).name);
  EXPECT_THAT(values, ElementsAre("x", "w", "a", "early", "late", "b"));
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "late");
  EXPECT_EQ(graph.value(graph.outputs()[0]).producer, NodeId(2));
  EXPECT_THAT(graph.users(ValueId(3)), ElementsAre(NodeId(2)));
}

TEST(GraphTest, CompactKeepsWhatIsNumberedAndSortsItsBodies) {
  Graph body;
  const ValueId inner = body.AddInput("inner", Floats());
  const NodeId late = body.AddNode(Op("Late", {inner}), {{"late", Floats()}});
  body.SetOperand(late, 0, AddOp(body, "Early", {inner}, "early"));
  body.SetOutputs({body.node(late).results[0]});
  Graph graph;
  graph.Reserve(2, 3);
  const ValueId x = graph.AddInput("x", Floats());
  Node owner = Op("Loop", {x});
  owner.regions.push_back(std::move(body));
  const NodeId loop = graph.AddNode(std::move(owner), {{"looped", Floats()}});
  graph.SetOutputs({AddOp(graph, "B", {graph.node(loop).results[0]}, "b")});
  const Node* const where = &graph.node(loop);

  ASSERT_TRUE(graph.Compact());
  EXPECT_EQ(&graph.node(loop), where);
  EXPECT_EQ(graph.node(NodeId(1)).op_type, "B");
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "b");
  const Graph& sorted = graph.node(loop).regions[0];
  EXPECT_EQ(sorted.node(NodeId(0)).op_type, "Early");
  EXPECT_EQ(sorted.value(sorted.outputs()[0]).name, "late");
}

TEST(GraphTest, CompactCountsCapturesAsUses) {
  Graph graph;
  const ValueId x = graph.AddInput("x", Floats());
  // Built with x captured, then redirected to a value that is defined later.
  const NodeId branch = graph.AddNode(IfThatCaptures(x, x, "x"), {{"y", Floats()}});
  const ValueId late = AddOp(graph, "Late", {}, "late");
  graph.ReplaceUses(x, late);
  graph.SetOutputs({graph.node(branch).results[0]});
  ASSERT_TRUE(graph.Compact());
  EXPECT_EQ(graph.node(NodeId(0)).op_type, "Late");
  EXPECT_EQ(graph.node(NodeId(1)).op_type, "If");
}

TEST(GraphTest, CompactRefusesCyclesAndLeavesTheGraphAlone) {
  Graph graph;
  const ValueId x = graph.AddInput("x", Floats());
  const ValueId a = AddOp(graph, "A", {x}, "a");
  const ValueId b = AddOp(graph, "B", {a}, "b");
  graph.SetOperand(NodeId(0), 0, b);
  EXPECT_FALSE(graph.Compact());
  EXPECT_EQ(graph.num_nodes(), 2u);
  EXPECT_THAT(graph.node(NodeId(0)).operands, ElementsAre(b));
  EXPECT_EQ(graph.value(x).name, "x");
}

TEST(GraphTest, CompactRefusesACycleInABody) {
  Graph graph;
  const ValueId x = graph.AddInput("x", Floats());
  Node node = Op("If", {x});
  Graph body;
  const ValueId a = AddOp(body, "A", {ValueId()}, "a");
  body.SetOperand(NodeId(0), 0, a);
  node.regions.push_back(std::move(body));
  graph.AddNode(std::move(node), {});
  EXPECT_FALSE(graph.Compact());
}

TEST(GraphTest, ValueWithManyUsersStaysCheap) {
  // Quadratic use lists would make this take minutes.
  constexpr int kUsers = 20'000;
  Graph graph;
  const ValueId x = graph.AddInput("x", Floats());
  const ValueId z = graph.AddInput("z", Floats());
  for (int i = 0; i < kUsers; ++i) AddOp(graph, "Relu", {x}, std::to_string(i));
  ASSERT_EQ(graph.users(x).size(), static_cast<size_t>(kUsers));
  for (int i = 0; i < kUsers; i += 2) graph.SetOperand(NodeId(i), 0, z);
  EXPECT_EQ(graph.users(x).size(), static_cast<size_t>(kUsers / 2));
  graph.ReplaceUses(x, z);
  for (int i = 0; i < kUsers; ++i) graph.Erase(NodeId(i));
  EXPECT_THAT(graph.users(z), IsEmpty());
  EXPECT_EQ(graph.num_nodes(), 0u);
  ASSERT_TRUE(graph.Compact());
  EXPECT_EQ(graph.value_id_bound(), 2u);
}

// Random edits that keep definitions before uses; the verifier recomputes use lists from scratch.
TEST(GraphTest, RandomEditsKeepUseListsInStep) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    testing::RandomGraphOptions options;
    options.seed = seed;
    options.nodes = 40;
    Module module = testing::RandomModule(options);
    Graph& graph = module.graph;
    Random random(seed);
    for (int edit = 0; edit < 60; ++edit) {
      const std::vector<NodeId> nodes = graph.nodes();
      if (nodes.empty()) break;
      const NodeId node =
          nodes[static_cast<size_t>(random.Below(static_cast<int64_t>(nodes.size())))];
      const ValueId result = graph.node(node).results[0];
      const ValueId input = graph.inputs()[0];
      const size_t operand =
          static_cast<size_t>(random.Below(static_cast<int64_t>(graph.node(node).operands.size())));
      switch (random.Below(4)) {
        case 0:
          graph.SetOperand(node, operand, input);
          break;
        case 1:
          graph.SetOperand(node, operand, ValueId());
          break;
        case 2: {
          const ValueId with = graph.node(node).operands[operand];
          graph.ReplaceUses(result, with.valid() ? with : input);
          graph.Erase(node);
          break;
        }
        default:
          ASSERT_TRUE(graph.Compact());
          break;
      }
      Diagnostics violations;
      ASSERT_TRUE(Verify(module, violations).ok())
          << "seed " << seed << ": " << violations.ToStatus().message();
    }
  }
}

}  // namespace
}  // namespace allot::ir
