#include "ir/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/build_graph.h"
#include "tests/models/random_graph.h"
#include "tests/models/rich_module.h"

namespace allot::ir {
namespace {

using testing::Attr;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::F32;
using testing::GraphBuilder;
using ::testing::IsEmpty;
using testing::ModuleBuilder;

std::vector<std::string> Violations(const Module& module) {
  Diagnostics diagnostics;
  const absl::Status status = Verify(module, diagnostics);
  std::vector<std::string> messages;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    messages.push_back(diagnostic.where + ": " + diagnostic.message);
  }
  EXPECT_EQ(status.ok(), messages.empty());
  return messages;
}

TEST(VerifyTest, GoodModulesPass) {
  EXPECT_THAT(Violations(Module()), IsEmpty());
  EXPECT_THAT(Violations(testing::RichModule()), IsEmpty());
  EXPECT_THAT(Violations(testing::NestedIf()), IsEmpty());
  EXPECT_THAT(Violations(testing::WithFunctions()), IsEmpty());
  EXPECT_THAT(Violations(testing::RandomModule({})), IsEmpty());
}

TEST(VerifyTest, DescribesNodes) {
  Node node;
  node.op_type = "Conv";
  node.location.index = 12;
  EXPECT_EQ(Describe(node), "'onnx.Conv' op #12");
  node.name = "conv1";
  EXPECT_EQ(Describe(node), "'onnx.Conv' op \"conv1\"");
  node.location.file = "m.onnx";
  node.domain = "com.microsoft";
  EXPECT_EQ(Describe(node), "'onnx.com.microsoft.Conv' op \"conv1\"(\"m.onnx\":12:0)");
}

TEST(VerifyTest, Names) {
  Module module = testing::Diamond();
  Graph& graph = module.graph;
  graph.Rename(graph.node(NodeId(1)).results[0], "x");
  EXPECT_THAT(
      Violations(module),
      ElementsAre("'onnx.Sigmoid' op \"Sigmoid_1\"(\"test.onnx\":1:0): value 'x' is defined "
                  "a second time"));
  graph.Rename(graph.node(NodeId(1)).results[0], "");
  EXPECT_THAT(
      Violations(module),
      ElementsAre("'onnx.Sigmoid' op \"Sigmoid_1\"(\"test.onnx\":1:0): defines a value that "
                  "is used but has no name"));
}

TEST(VerifyTest, Order) {
  Module module = testing::Diamond();
  Graph& graph = module.graph;
  graph.SetOperand(NodeId(0), 0, graph.node(NodeId(2)).results[0]);
  EXPECT_THAT(
      Violations(module),
      ElementsAre("'onnx.Relu' op \"Relu_0\"(\"test.onnx\":0:0): operand #0 ('Tanh_2_y') is "
                  "used before it is defined"));
}

TEST(VerifyTest, ErasedProducer) {
  ModuleBuilder m;
  const ValueId x = m.Input("x", F32({1}));
  const NodeId relu = m.Node("Relu", {x}, {F32({1})});
  const ValueId dead = m.graph().node(relu).results[0];
  m.graph().Erase(relu);
  m.Op("Neg", {dead}, F32({1}));
  EXPECT_THAT(
      Violations(m.module()),
      ElementsAre("'onnx.Neg' op \"Neg_1\"(\"test.onnx\":1:0): operand #0 is no value of the "
                  "graph"));
}

TEST(VerifyTest, Captures) {
  Module module = testing::NestedIf();
  std::vector<Graph>& bodies = module.graph.mutable_regions(NodeId(1));
  bodies[1].Rename(bodies[1].captures()[0], "other");
  EXPECT_THAT(Violations(module),
              ElementsAre("'onnx.If' op \"If_1\"(\"test.onnx\":1:0): body #1 captures 'condition' "
                          "under another name, 'other'"));
  bodies[1].AddCapture("more", F32({1}));
  EXPECT_THAT(
      Violations(module),
      ElementsAre("'onnx.If' op \"If_1\"(\"test.onnx\":1:0): captures 2 values, but its body "
                  "#1 has 3"));
  bodies.clear();
  EXPECT_THAT(
      Violations(module),
      Contains("'onnx.If' op \"If_1\"(\"test.onnx\":1:0): captures values but has no bodies"));

  Module top = testing::Diamond();
  top.graph.AddCapture("from nowhere", F32({1}));
  EXPECT_THAT(Violations(top),
              ElementsAre("graph 'main': captures values, but nothing is around it"));
}

TEST(VerifyTest, Attributes) {
  Module module = testing::Diamond();
  AttributeMap& attributes = module.graph.mutable_attributes(NodeId(0));
  attributes["body"] = Attr(RegionIndex{0});
  attributes["reference"] = Attr(AttributeReference{"alpha", 1});
  attributes["tensor"] = Attr(ConstantId(0));
  const std::string where = "'onnx.Relu' op \"Relu_0\"(\"test.onnx\":0:0): ";
  EXPECT_THAT(
      Violations(module),
      ElementsAre(where + "attribute 'body' is body #0, but there are 0",
                  where + "attribute 'reference' refers to attribute 'alpha' of a function, but "
                          "stands in none",
                  where + "attribute 'tensor' has no constant in the module"));
  Module branch = testing::NestedIf();
  branch.graph.mutable_attributes(NodeId(1))["else_branch"] = Attr(RegionIndex{0});
  EXPECT_THAT(Violations(branch),
              ElementsAre("'onnx.If' op \"If_1\"(\"test.onnx\":1:0): body #0 is the value of 2 "
                          "attributes instead of one",
                          "'onnx.If' op \"If_1\"(\"test.onnx\":1:0): body #1 is the value of 0 "
                          "attributes instead of one"));
}

TEST(VerifyTest, Constants) {
  Module module = testing::SmallCnn();
  module.constants[ConstantId(0)].dims[0] = 9;
  module.constants[ConstantId(1)].dims = {-8};
  FileBytes file;
  file.offset = -1;
  module.constants[ConstantId(2)].storage = file;
  EXPECT_THAT(Violations(module),
              ElementsAre("constant 'conv.w': has 864 bytes, but its type needs 972",
                          "constant 'conv.b': has a dimension of -8",
                          "constant 'fc.w': lies at no place in a file"));
}

TEST(VerifyTest, Types) {
  Module module = testing::Diamond();
  Type type = Type::Sequence(F32({1}));
  type.parameters.clear();
  module.graph.mutable_value(module.graph.inputs()[0]).type = type;
  EXPECT_THAT(Violations(module),
              ElementsAre("graph 'main': the type of value 'x' is malformed: sequences, optionals "
                          "and maps have one parameter, other types none"));
}

TEST(VerifyTest, Functions) {
  Module module = testing::WithFunctions();
  module.functions[0].body.mutable_attributes(NodeId(0))["a"] =
      Attr(AttributeReference{"unknown", 1});
  Function twin = module.functions[1];
  module.functions.push_back(twin);
  EXPECT_THAT(
      Violations(module),
      ElementsAre("function 'custom.Twice': is defined twice",
                  "'onnx.Identity' op \"Identity_0\"(\"test.onnx\":0:0): attribute 'a' refers "
                  "to 'unknown', which function 'custom.Same' does not have"));
}

TEST(VerifyTest, RecursionThroughBodiesAndOthers) {
  ModuleBuilder m;
  m.Function("f", "A", {"a"}, [](GraphBuilder& body, const std::vector<ValueId>& in) {
    return body.If(
        in[0], {in[0]}, Type::Unknown(),
        [](GraphBuilder& inner, const std::vector<ValueId>& captured) {
          return inner.Op("B", {captured[0]}, Type::Unknown(), {}, "f");
        },
        [](GraphBuilder&, const std::vector<ValueId>& captured) { return captured[0]; });
  });
  m.Function("f", "B", {"a"}, [](GraphBuilder& body, const std::vector<ValueId>& in) {
    return body.Op("A", {in[0]}, Type::Unknown(), {}, "f");
  });
  EXPECT_THAT(Violations(std::move(m).Finish({})), ElementsAre("function 'f.A': calls itself"));
}

TEST(VerifyTest, MissingOverload) {
  Module module = testing::WithFunctions();
  Node call;
  call.domain = "custom";
  call.op_type = "Same";
  call.overload = "v9";
  call.name = "call";
  module.graph.AddNode(std::move(call), {});
  EXPECT_THAT(Violations(module),
              ElementsAre("'onnx.custom.Same' op \"call\": calls overload 'v9' of a function that "
                          "the model does not define"));
}

}  // namespace
}  // namespace allot::ir
