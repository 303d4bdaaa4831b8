// Graphs, values and bodies: what the IR makes of them.
#include "gmock/gmock.h"

#include "onnx_import/carried_fields.h"
#include "tests/unit/onnx_import/model_text.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Names(const ir::Graph& graph, const std::vector<ir::ValueId>& values) {
  std::vector<std::string> names;
  for (ir::ValueId value : values) names.push_back(graph.value(value).name);
  return names;
}

const ir::Node& NodeNamed(const ir::Graph& graph, const std::string& name) {
  for (ir::NodeId id : graph.nodes()) {
    if (graph.node(id).name == name) return graph.node(id);
  }
  ADD_FAILURE() << "no node " << name;
  return graph.node(graph.nodes().front());
}

TEST(ImportGraph, ReadsNodesAndValues) {
  onnx::ModelProto model = GraphModel(
      "doc_string: 'of the graph' input { " + Float("x", {2, 3}) + " doc_string: 'the input' } " +
      "node { name: 'c' op_type: 'Clip' domain: 'ai.onnx' input: 'x' input: '' input: 'hi' output: "
      "'y' doc_string: 'clips' } "
      "node { op_type: 'Dropout' input: 'y' output: 'z' output: '' } "
      "initializer { data_type: 1 raw_data: '\\000\\000\\200\\077' name: 'hi' doc_string: 'one' "
      "} " +
      "value_info { " + Float("y", {2, 3}) + " } output { " + Float("z", {2, 3}) + " }" +
      "quantization_annotation { tensor_name: 'y' }");
  AddBytesField(kNodeOverload + 1, "metadata", model.mutable_graph()->mutable_node(0));
  AddBytesField(16, "of the graph", model.mutable_graph());
  AddBytesField(4, "of the input", model.mutable_graph()->mutable_input(0));
  const Imported imported = Import(model);
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  EXPECT_EQ(imported.notes(), "");
  const ir::Graph& graph = imported.module->graph;

  EXPECT_EQ(graph.name, "g");
  EXPECT_EQ(graph.doc, "of the graph");
  EXPECT_NE(graph.unknown_fields, "");
  EXPECT_EQ(graph.quantization_annotations.size(), 1u);
  EXPECT_THAT(Names(graph, graph.inputs()), ElementsAre("x"));
  EXPECT_THAT(Names(graph, graph.outputs()), ElementsAre("z"));
  EXPECT_THAT(Names(graph, graph.initializers()), ElementsAre("hi"));
  const ir::Value& x = graph.value(graph.inputs()[0]);
  EXPECT_EQ(x.doc, "the input");
  EXPECT_NE(x.unknown_fields, "");
  EXPECT_EQ(ConstantOf(*imported.module, "hi").doc, "one");

  const ir::Node& clip = NodeNamed(graph, "c");
  EXPECT_TRUE(clip.Is("Clip")) << "ai.onnx is the same as no domain";
  ASSERT_EQ(clip.operands.size(), 3u);
  EXPECT_FALSE(clip.operands[1].valid());
  EXPECT_EQ(clip.doc, "clips");
  EXPECT_NE(clip.unknown_fields, "");
  EXPECT_EQ(clip.location, (ir::Location{"c", "model.onnx", 0, {}}));
  EXPECT_TRUE(graph.value(clip.results[0]).declared);
  EXPECT_TRUE(graph.value(clip.results[0]).type.is_static());

  const ir::Node& dropout = graph.node(graph.nodes()[1]);
  EXPECT_EQ(dropout.name, "");
  EXPECT_EQ(dropout.location.index, 1);
  ASSERT_EQ(dropout.results.size(), 2u);
  EXPECT_EQ(graph.value(dropout.results[1]).name, "");
  EXPECT_FALSE(graph.value(dropout.results[0]).declared);
  EXPECT_TRUE(graph.value(dropout.results[0]).type.is_static()) << "from the output";
}

TEST(ImportGraph, KeepsOverridableInitializers) {
  const Imported imported = Import(GraphModel(
      "input { name: 'x' type { tensor_type { elem_type: 1 shape { dim { dim_param: 'N' } } } } } "
      "input { name: 'untyped' } "
      "initializer { name: 'x' dims: 1 data_type: 1 float_data: 1 } "
      "initializer { name: 'untyped' dims: 2 data_type: 7 int64_data: [1, 2] } "
      "node { op_type: 'Relu' input: 'x' output: 'y' } output { name: 'y' } output { name: "
      "'untyped' }"));
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  const ir::Graph& graph = imported.module->graph;
  EXPECT_THAT(graph.initializers(), IsEmpty());
  ASSERT_EQ(graph.inputs().size(), 2u);
  const ir::Value& x = graph.value(graph.inputs()[0]);
  EXPECT_EQ(x.origin, ir::Value::Origin::kInput);
  EXPECT_TRUE(x.constant.valid());
  EXPECT_EQ((*x.type.shape)[0].symbol, "N") << "callers may give another length";
  const ir::Value& untyped = graph.value(graph.inputs()[1]);
  EXPECT_EQ(untyped.type.element, ir::ElementType::kInt64);
  EXPECT_TRUE(untyped.type.is_static());
  EXPECT_TRUE(graph.IsOutput(graph.inputs()[1]));
}

TEST(ImportGraph, ReadsSparseInitializersAndConstantOutputs) {
  const Imported imported = Import(GraphModel(
      "sparse_initializer { values { dims: 1 data_type: 1 float_data: 3 name: 'w' } indices { "
      "dims: 1 data_type: 7 int64_data: 4 } dims: [2, 3] } input { " +
      Float("x", {1}) + " } output { " + Float("x", {1}) +
      " } output { name: 'w' } output { name: 'w' }"));
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  const ir::Graph& graph = imported.module->graph;
  EXPECT_THAT(Names(graph, graph.outputs()), ElementsAre("x", "w", "w"));
  EXPECT_TRUE(graph.value(graph.outputs()[1]).type.is_static());
  EXPECT_EQ(graph.num_nodes(), 0u);
}

TEST(ImportGraph, WarnsOfTwoNodesOfOneName) {
  const auto notes = [](const std::string& first, const std::string& second) {
    return Import(GraphModel("input { name: 'x' } node { name: '" + first +
                             "' op_type: 'Relu' input: 'x' output: 'a' } node { name: '" + second +
                             "' op_type: 'Relu' input: 'a' output: 'b' } output { name: 'b' }"))
        .notes();
  };
  EXPECT_THAT(notes("dup", "dup"), HasSubstr("warning: two nodes are named 'dup': ONNX Runtime "
                                             "refuses a model, and a part, that holds both"));
  EXPECT_EQ(notes("one", "two"), "");
  EXPECT_EQ(notes("", ""), "");
}

TEST(ImportGraph, SortsNodes) {
  const Imported imported = Import(
      GraphModel("input { " + Float("x", {1}) +
                 " } node { name: 'c' op_type: 'Add' input: 'b' input: 'a' output: 'c' } "
                 "node { name: 'b' op_type: 'Relu' input: 'a' output: 'b' } "
                 "node { name: 'a' op_type: 'Relu' input: 'x' output: 'a' } output { name: 'c' }"));
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  EXPECT_THAT(imported.notes(), HasSubstr("not sorted"));
  const ir::Graph& graph = imported.module->graph;
  EXPECT_EQ(graph.node(graph.nodes()[0]).name, "a");
  EXPECT_EQ(graph.node(graph.nodes()[2]).name, "c");
  EXPECT_EQ(NodeNamed(graph, "c").location.index, 0) << "where it is in the file";
}

// If inside Loop: both take values from the main graph, and the If from the Loop's body as well.
std::string NestedBodies() {
  return "input { name: 'n' } input { name: 'go' } input { " + Float("x", {2}) + " } input { " +
         Float("unused", {1}) + " } initializer { name: 'w' dims: 1 data_type: 1 float_data: 2 } " +
         R"(
    node { name: 'loop' op_type: 'Loop' input: 'n' input: 'go' input: 'x' output: 'y'
      attribute { name: 'body' type: GRAPH g {
        name: 'loop_body'
        input { name: 'i' } input { name: 'c' } input { name: 'state' }
        node { name: 'scale' op_type: 'Mul' input: 'state' input: 'w' output: 'scaled' }
        node { name: 'if' op_type: 'If' input: 'c' output: 'next'
          attribute { name: 'then_branch' type: GRAPH g { name: 't'
            node { op_type: 'Add' input: 'scaled' input: 'later' output: 't1' }
            node { op_type: 'Add' input: 't1' input: 'x' output: 't2' }
            output { name: 't2' } } }
          attribute { name: 'else_branch' type: GRAPH g { name: 'e'
            initializer { name: 'k' dims: 1 data_type: 1 float_data: 2 }
            node { op_type: 'Add' input: 'w' input: 'k' output: 'e1' }
            output { name: 'e1' } } } }
        output { name: 'c' } output { name: 'next' } } } }
    node { name: 'late' op_type: 'Relu' input: 'x' output: 'later' }
    output { name: 'y' })";
}

TEST(ImportGraph, MakesCapturesArguments) {
  const Imported imported = Import(GraphModel(NestedBodies()));
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  const ir::Graph& graph = imported.module->graph;
  // 'later' is defined behind the Loop that captures it.
  EXPECT_EQ(graph.node(graph.nodes()[0]).name, "late");
  const ir::Node& loop = NodeNamed(graph, "loop");
  EXPECT_THAT(Names(graph, loop.captures), ElementsAre("w", "later", "x"));
  ASSERT_EQ(loop.regions.size(), 1u);
  const ir::Graph& body = loop.regions[0];
  EXPECT_THAT(Names(body, body.inputs()), ElementsAre("i", "c", "state"));
  EXPECT_THAT(Names(body, body.captures()), ElementsAre("w", "later", "x"));
  EXPECT_EQ(body.value(body.captures()[2]).type, graph.value(loop.operands[2]).type);

  const ir::Node& branch = NodeNamed(body, "if");
  EXPECT_THAT(Names(body, branch.captures), ElementsAre("scaled", "later", "x", "w"));
  ASSERT_EQ(branch.regions.size(), 2u);
  for (const ir::Graph& region : branch.regions) {
    EXPECT_THAT(Names(region, region.captures()), ElementsAre("scaled", "later", "x", "w"));
  }
  EXPECT_EQ(ir::FindAttribute<ir::RegionIndex>(branch.attributes, "then_branch")->index, 0);
  EXPECT_EQ(ir::FindAttribute<ir::RegionIndex>(branch.attributes, "else_branch")->index, 1);
  EXPECT_EQ(branch.location.index, 1);
}

TEST(ImportGraph, SurvivesShadowing) {
  // The body of the else branch defines what the then branch takes from outside.
  const Imported imported =
      Import(GraphModel("input { name: 'c' } input { " + Float("x", {1}) + " } " + R"(
    node { name: 'if' op_type: 'If' input: 'c' output: 'y'
      attribute { name: 'then_branch' type: GRAPH g {
        node { op_type: 'Neg' input: 'x' output: 't' } output { name: 't' } } }
      attribute { name: 'else_branch' type: GRAPH g {
        node { op_type: 'Constant' output: 'x' attribute { name: 'value_float' type: FLOAT f: 1 } }
        node { name: 'inner' op_type: 'If' input: 'c' output: 'x_1'
          attribute { name: 'then_branch' type: GRAPH g { output { name: 'x' } } }
          attribute { name: 'else_branch' type: GRAPH g {
            node { op_type: 'Neg' input: 'x' output: 'n' } output { name: 'n' } } } }
        output { name: 'x_1' } } } }
    output { name: 'y' })"));
  ASSERT_TRUE(imported.module.ok()) << imported.error();
  EXPECT_THAT(imported.notes(), HasSubstr("hides a value of the same name"));
  const ir::Graph& graph = imported.module->graph;
  const ir::Node& branch = NodeNamed(graph, "if");
  EXPECT_THAT(Names(graph, branch.captures), ElementsAre("x", "c"));
  const ir::Graph& other = branch.regions[1];
  // The inner If uses the local value under its new name, not the captured one.
  const ir::Node& inner = NodeNamed(other, "inner");
  EXPECT_THAT(Names(other, inner.captures), ElementsAre("x_2"));
  EXPECT_EQ(other.value(inner.captures[0]).origin, ir::Value::Origin::kResult);
}

struct Wrong {
  const char* graph;
  const char* message;
};

class WrongGraph : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongGraph, IsOneClearError) {
  const Imported imported = Import(GraphModel(GetParam().graph));
  ASSERT_FALSE(imported.module.ok());
  EXPECT_THAT(imported.error(), HasSubstr("model.onnx: "));
  EXPECT_THAT(imported.error(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, WrongGraph,
    ::testing::Values(
        Wrong{"node { name: 'n' op_type: 'Relu' input: 'gone' output: 'y' }",
              "node 'n' (Relu, #0): its input 'gone' is defined nowhere"},
        Wrong{"input { name: 'x' } node { op_type: 'Relu' input: 'x' output: 'y' } node { op_type: "
              "'Neg' input: 'x' output: 'y' }",
              "node (Neg, #1): its result 'y' is already a result of node (Relu, #0)"},
        Wrong{"input { name: 'x' } node { op_type: 'Relu' input: 'x' output: 'x' }", "cycle"},
        Wrong{"input { name: 'y' } node { op_type: 'Relu' output: 'y' }",
              "its result 'y': another value of the graph has the same name"},
        Wrong{"input { name: 'x' } input { name: 'x' }", "graph input 'x'"},
        Wrong{"input { }", "graph input without a name"},
        Wrong{"initializer { name: 'w' data_type: 3 raw_data: 'a' } initializer { name: 'w' "
              "data_type: 3 raw_data: 'b' }",
              "initializer 'w' is defined twice"},
        Wrong{"initializer { name: 'w' dims: 2 data_type: 3 raw_data: 'a' }",
              "initializer 'w': the tensor has 1 bytes of data"},
        Wrong{"initializer { data_type: 3 raw_data: 'a' }", "initializer without a name"},
        Wrong{"output { name: 'y' }", "graph output 'y' is defined nowhere"},
        Wrong{"output { }", "graph output without a name"},
        Wrong{"node { output: 'y' }", "the node names no operator"},
        Wrong{"node { op_type: 'A' input: 'c' output: 'a' } node { op_type: 'B' input: 'a' output: "
              "'b' } node { op_type: 'C' input: 'b' output: 'c' } node { op_type: 'D' input: 'c' }",
              "cycle: node (A, #0) needs node (C, #2) needs node (B, #1) needs node (A, #0)"},
        Wrong{"node { op_type: 'A' attribute { name: 'a' type: INT } attribute { name: 'a' type: "
              "INT } }",
              "node (A, #0): attribute 'a' occurs twice"},
        Wrong{"node { op_type: 'A' attribute { type: INT } }", "an attribute has no name"},
        Wrong{"node { op_type: 'A' attribute { name: 'a' type: GRAPHS graphs {} } }",
              "attribute 'a': lists of graphs"},
        Wrong{
            "node { op_type: 'A' attribute { name: 'a' type: INT ref_attr_name: 'b' } }",
            "attribute 'a': it refers to the attribute 'b' of a function, but the node is not in"},
        Wrong{
            "node { name: 'i' op_type: 'If' attribute { name: 'then_branch' type: GRAPH g { node "
            "{ name: 'deep' op_type: 'Neg' input: 'gone' output: 'y' } } } }",
            "node 'i' (If, #0): attribute 'then_branch': node 'deep' (Neg, #0): its input 'gone'"},
        Wrong{"node { op_type: 'Constant' output: 'c' attribute { name: 'value' type: TENSOR t { "
              "data_type: 77 } } }",
              "node (Constant, #0): attribute 'value': element type 77"}));

}  // namespace
}  // namespace allot
