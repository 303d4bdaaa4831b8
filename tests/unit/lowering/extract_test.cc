#include "lowering/bundle.h"

#include "gmock/gmock.h"

#include "lowering/verify_bundle.h"
#include "tests/models/build_graph.h"
#include "tests/unit/lowering/lowering_fixture.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> NodeNames(const Piece& piece) {
  std::vector<std::string> names;
  for (ir::NodeId id : piece.graph.nodes()) names.push_back(piece.graph.node(id).name);
  return names;
}

std::vector<std::string> InitializerNames(const Piece& piece) {
  std::vector<std::string> names;
  for (ir::ValueId id : piece.graph.initializers()) names.push_back(piece.graph.value(id).name);
  return names;
}

class ExtractTest : public ::testing::Test {
 protected:
  Bundle Cut(const std::string& graph, const std::map<std::string, int>& parts) {
    module_ = ImportText(ModelText(graph), folder_);
    absl::StatusOr<Bundle> bundle = Extract(module_, TwoDevices(), MakePlan(module_, parts));
    EXPECT_TRUE(bundle.ok()) << bundle.status();
    return bundle.ok() ? *std::move(bundle) : Bundle();
  }
  absl::Status CutError(const std::string& graph, const std::map<std::string, int>& parts) {
    module_ = ImportText(ModelText(graph), folder_);
    return Extract(module_, TwoDevices(), MakePlan(module_, parts)).status();
  }

  ScratchFolder folder_;
  ir::Module module_;
};

TEST_F(ExtractTest, CutsAChainAtItsBoundary) {
  const Bundle bundle = Cut(Input("x") + Output("z") + Typed("y") + Op("Relu", "a", {"x"}, {"y"}) +
                                Op("Tanh", "b", {"y"}, {"z"}),
                            {{"a", 0}, {"b", 1}});
  ASSERT_EQ(bundle.pieces.size(), 2u);
  EXPECT_THAT(bundle.inputs, ElementsAre("x"));
  EXPECT_THAT(bundle.outputs, ElementsAre("z"));
  EXPECT_EQ(bundle.pieces[0].id, "p0");
  EXPECT_EQ(bundle.pieces[0].file, "model.00000_cpu0.onnx");
  EXPECT_EQ(bundle.pieces[1].file, "model.00001_gpu0.onnx");
  EXPECT_THAT(bundle.pieces[0].inputs, ElementsAre("x"));
  EXPECT_THAT(bundle.pieces[0].outputs, ElementsAre("y"));
  EXPECT_THAT(bundle.pieces[1].inputs, ElementsAre("y"));
  EXPECT_THAT(bundle.pieces[1].outputs, ElementsAre("z"));
  ASSERT_EQ(bundle.transfers.size(), 1u);
  EXPECT_EQ(bundle.transfers[0].tensor, "y");
  EXPECT_EQ(bundle.transfers[0].bytes, 8);
  EXPECT_THAT(bundle.transfers[0].to, ElementsAre(1u));
}

TEST_F(ExtractTest, TensorsBetweenPartsOfOneDeviceAreNoTransfers) {
  const Bundle bundle =
      Cut(Input("x") + Output("z") + Typed("y") + Typed("w") + Op("Relu", "a", {"x"}, {"y"}) +
              Op("Tanh", "b", {"y"}, {"w"}) + Op("Add", "c", {"y", "w"}, {"z"}),
          {{"a", 0}, {"b", 1}, {"c", 2}});
  ASSERT_EQ(bundle.pieces.size(), 3u);
  EXPECT_THAT(bundle.pieces[0].outputs, ElementsAre("y"));
  EXPECT_THAT(bundle.pieces[2].inputs, ElementsAre("y", "w"));
  ASSERT_EQ(bundle.transfers.size(), 2u);
  EXPECT_EQ(bundle.transfers[0].tensor, "y");
  EXPECT_THAT(bundle.transfers[0].to, ElementsAre(1u));
  EXPECT_EQ(bundle.transfers[1].tensor, "w");
}

TEST_F(ExtractTest, SharedInitializersGoToEveryUser) {
  const Bundle bundle =
      Cut(Input("x") + Output("z") + Typed("y") + Weight("w") + Weight("v") +
              Op("Add", "a", {"x", "w"}, {"y"}) + Op("Add", "b", {"y", "w"}, {"t"}) +
              Op("Mul", "c", {"t", "v"}, {"z"}),
          {{"a", 0}, {"b", 1}, {"c", 1}});
  EXPECT_THAT(InitializerNames(bundle.pieces[0]), ElementsAre("w"));
  EXPECT_THAT(InitializerNames(bundle.pieces[1]), ElementsAre("w", "v"));
  EXPECT_THAT(bundle.pieces[1].inputs, ElementsAre("y"));
}

TEST_F(ExtractTest, OverridableInitializersStayInputsWithDefaults) {
  const Bundle bundle =
      Cut(Input("x") + Input("w") + Output("z") + Typed("y") + Weight("w") +
              Op("Add", "a", {"x", "w"}, {"y"}) + Op("Add", "b", {"y", "w"}, {"z"}),
          {{"a", 0}, {"b", 1}});
  EXPECT_THAT(bundle.inputs, ElementsAre("x"));
  for (const Piece& piece : bundle.pieces) {
    EXPECT_THAT(InitializerNames(piece), IsEmpty());
    ASSERT_EQ(piece.graph.inputs().size(), 2u);
    EXPECT_EQ(piece.inputs.size(), 1u);
    int defaults = 0;
    for (ir::ValueId id : piece.graph.inputs()) {
      if (piece.graph.value(id).constant.valid()) {
        EXPECT_EQ(piece.graph.value(id).name, "w");
        ++defaults;
      }
    }
    EXPECT_EQ(defaults, 1);
  }
}

TEST_F(ExtractTest, ConstantNodesAreCopiedToTheirPlace) {
  const Bundle bundle = Cut(Input("x") + Output("z") + Typed("y") + Op("Relu", "a", {"x"}, {"t"}) +
                                ConstantOp("k", 5) + Op("Add", "b", {"t", "k"}, {"y"}) +
                                Op("Tanh", "c", {"y"}, {"u"}) + Op("Mul", "d", {"u", "k"}, {"z"}),
                            {{"a", 0}, {"b", 0}, {"c", 1}, {"d", 1}});
  EXPECT_THAT(NodeNames(bundle.pieces[0]), ElementsAre("a", "k_node", "b"));
  EXPECT_THAT(NodeNames(bundle.pieces[1]), ElementsAre("k_node", "c", "d"));
  EXPECT_THAT(bundle.pieces[1].inputs, ElementsAre("y"));
}

TEST_F(ExtractTest, WorkThatTravelsIsCopiedWithWhatItNeeds) {
  // s = Cos(Neg(w)) + x has no place, and is an output as well: the first part that has it gives
  // it.
  const Bundle bundle =
      Cut(Input("x") + Output("z") + Output("s") + Typed("y") + Weight("w") +
              Op("Neg", "neg", {"w"}, {"n"}) + Op("Cos", "cos", {"n"}, {"c"}) +
              Op("Add", "sum", {"c", "x"}, {"s"}) + Op("Mul", "a", {"s", "c"}, {"y"}) +
              Op("Add", "b", {"y", "s"}, {"z"}),
          {{"neg", -1}, {"cos", -1}, {"sum", -1}, {"a", 0}, {"b", 1}});
  ASSERT_EQ(bundle.pieces.size(), 2u);
  EXPECT_THAT(NodeNames(bundle.pieces[0]), ElementsAre("neg", "cos", "sum", "a"));
  EXPECT_THAT(NodeNames(bundle.pieces[1]), ElementsAre("neg", "cos", "sum", "b"));
  EXPECT_THAT(bundle.pieces[0].inputs, ElementsAre("x"));
  EXPECT_THAT(bundle.pieces[1].inputs, ElementsAre("x", "y"));
  EXPECT_THAT(InitializerNames(bundle.pieces[1]), ElementsAre("w"));
  EXPECT_THAT(bundle.pieces[0].outputs, ElementsAre("s", "y"));
  EXPECT_THAT(bundle.pieces[1].outputs, ElementsAre("z"));
  EXPECT_EQ(bundle.transfers.size(), 1u);
}

TEST_F(ExtractTest, WhatAnotherPartComputesKeepsNodesInTheirPlace) {
  EXPECT_EQ(CutError(Input("x") + Output("z") + Typed("y") + Op("Relu", "a", {"x"}, {"y"}) +
                         Op("Tanh", "b", {"y"}, {"z"}),
                     {{"a", 0}, {"b", -1}})
                .message(),
            "Tanh node 'b' is in no part; the pipeline must place every node and form parts before "
            "files can be written");
}

TEST(VerifyBundleTest, OnlyWhatBothComputeByThemselvesIsInTwoPieces) {
  // Both pieces compute "r"; the second from what the first one sends.
  const auto piece = [](const std::string& from, bool gives_more) {
    Piece made;
    ir::Node relu;
    relu.op_type = "Relu";
    relu.operands = {made.graph.AddInput(from, testing::F32({2}))};
    const ir::NodeId node = made.graph.AddNode(
        std::move(relu), std::vector<ir::Graph::Result>{{"r", testing::F32({2})}});
    ir::Node more;
    more.op_type = "Tanh";
    more.operands = made.graph.node(node).results;
    const std::string name = gives_more ? "end" : "sent";
    const ir::NodeId last = made.graph.AddNode(
        std::move(more), std::vector<ir::Graph::Result>{{name, testing::F32({2})}});
    made.graph.SetOutputs(made.graph.node(last).results);
    made.inputs = {from};
    made.outputs = {name};
    return made;
  };
  Bundle bundle;
  bundle.inputs = {"x"};
  bundle.outputs = {"end"};
  bundle.pieces = {piece("x", false), piece("x", true)};
  EXPECT_TRUE(VerifyBundle(bundle).ok()) << VerifyBundle(bundle);
  bundle.pieces[1] = piece("sent", true);
  EXPECT_THAT(std::string(VerifyBundle(bundle).message()), HasSubstr("tensor 'r' is computed in"));
}

TEST_F(ExtractTest, CapturesOfBodiesAreInputsOfThePart) {
  const std::string then = "attribute { name: 'then_branch' type: GRAPH g { name: 't' " +
                           Output("r") + Op("Add", "in_then", {"y", "w"}, {"r"}) + "} } ";
  const std::string otherwise = "attribute { name: 'else_branch' type: GRAPH g { name: 'e' " +
                                Output("s") + Op("Mul", "in_else", {"y", "k"}, {"s"}) + "} } ";
  const Bundle bundle =
      Cut("input { name: 'c' type { tensor_type { elem_type: 9 shape { } } } } " + Input("x") +
              Output("z") + Typed("y") + Weight("w") + ConstantOp("k", 3) +
              Op("Relu", "a", {"x"}, {"y"}) + Op("If", "b", {"c"}, {"z"}, then + otherwise),
          {{"a", 0}, {"b", 1}});
  ASSERT_EQ(bundle.pieces.size(), 2u);
  EXPECT_THAT(bundle.pieces[0].outputs, ElementsAre("y"));
  EXPECT_THAT(bundle.pieces[1].inputs, ElementsAre("c", "y"));
  EXPECT_THAT(InitializerNames(bundle.pieces[1]), ElementsAre("w"));
  EXPECT_THAT(NodeNames(bundle.pieces[1]), ElementsAre("k_node", "b"));
  EXPECT_THAT(InitializerNames(bundle.pieces[0]), IsEmpty());
  ASSERT_EQ(bundle.transfers.size(), 1u);
}

// A branch that never runs need not fit the sizes that are known: they are open where it is typed.
class IdleBodiesTest : public ExtractTest {
 protected:
  static std::string Body(const std::string& attribute, const std::string& graph) {
    return "attribute { name: '" + attribute + "' type: GRAPH g { name: '" + attribute + "' " +
           graph + "} } ";
  }
  static std::string Branches(const std::string& used) {
    return Body("then_branch", Output("r") + Op("Relu", "then", {used}, {"r"})) +
           Body("else_branch", Output("s") + Op("Tanh", "else", {used}, {"s"}));
  }
  static std::string Scalar(const std::string& field, const std::string& name, int type) {
    return field + " { name: '" + name +
           "' type { tensor_type { elem_type: " + std::to_string(type) + " shape { } } } } ";
  }
  static std::string Integer(const std::string& name, int value) {
    return "initializer { name: '" + name + "' data_type: 7 int64_data: " + std::to_string(value) +
           " } ";
  }
  // The shape of `tensor`, by which the last piece takes it and the first one gives it.
  std::string Taken(const Bundle& bundle, const std::string& tensor) {
    const ir::Graph& graph = bundle.pieces.back().graph;
    for (ir::ValueId id : graph.inputs()) {
      if (graph.value(id).name != tensor) continue;
      const ir::Type& type = graph.value(id).type;
      EXPECT_TRUE(type.is_ranked_tensor());
      EXPECT_EQ(type.shape->size(), 1u);
      return type.is_static() ? "static" : "open";
    }
    return "not taken";
  }
  void ExpectGivenStatic(const Bundle& bundle) {
    const ir::Graph& graph = bundle.pieces.front().graph;
    EXPECT_TRUE(graph.value(graph.outputs()[0]).type.is_static());
  }
};

TEST_F(IdleBodiesTest, BranchesOpenWhatTheyCapture) {
  const Bundle bundle =
      Cut(Scalar("input", "c", 9) + Input("x") + Output("z") + Typed("y") +
              Op("Relu", "a", {"x"}, {"y"}) + Op("If", "b", {"c"}, {"z"}, Branches("y")),
          {{"a", 0}, {"b", 1}});
  EXPECT_EQ(Taken(bundle, "y"), "open");
  ExpectGivenStatic(bundle);
}

TEST_F(IdleBodiesTest, BranchesOpenWhatLeadsToThem) {
  const Bundle bundle =
      Cut(Scalar("input", "c", 9) + Input("x") + Output("z") + Output("v") + Typed("y") +
              Typed("w") + Typed("u") + Op("Relu", "a", {"x"}, {"y"}) +
              Op("Neg", "d", {"x"}, {"u"}) + Op("Tanh", "e", {"y"}, {"w"}) +
              Op("Abs", "f", {"u"}, {"v"}) + Op("If", "b", {"c"}, {"z"}, Branches("w")),
          {{"a", 0}, {"d", 0}, {"e", 1}, {"f", 1}, {"b", 1}});
  EXPECT_EQ(Taken(bundle, "y"), "open");
  EXPECT_EQ(Taken(bundle, "u"), "static") << "no branch depends on it";
}

TEST_F(IdleBodiesTest, InputsOfTheModelStayAsTheyAreDeclared) {
  const Bundle bundle =
      Cut(Scalar("input", "c", 9) + Input("x") + Output("z") + Output("y") +
              Op("Relu", "a", {"x"}, {"y"}) + Op("If", "b", {"c"}, {"z"}, Branches("x")),
          {{"a", 0}, {"b", 1}});
  EXPECT_EQ(Taken(bundle, "x"), "static");
}

TEST_F(IdleBodiesTest, LoopsDoUnlessTheyMakeATrip) {
  const std::string body = Body(
      "body", Scalar("input", "i", 7) + Scalar("input", "go", 9) + Input("v") +
                  Scalar("output", "on", 9) + Output("next") +
                  Op("Identity", "cond", {"go"}, {"on"}) + Op("Add", "step", {"v", "y"}, {"next"}));
  for (const int trips : {0, 3}) {
    const Bundle bundle =
        Cut(Input("x") + Output("z") + Typed("y") + Integer("n", trips) +
                Op("Relu", "a", {"x"}, {"y"}) + Op("Loop", "b", {"n", "", "x"}, {"z"}, body),
            {{"a", 0}, {"b", 1}});
    EXPECT_EQ(Taken(bundle, "y"), trips == 0 ? "open" : "static") << trips << " trips";
  }
}

TEST_F(IdleBodiesTest, SequencesMayBeEmptyAndOwnOperatorsNeedNotRunTheirBodies) {
  const std::string body =
      Body("body", Input("v") + Output("w") + Op("Add", "add", {"v", "y"}, {"w"}));
  for (const char* domain : {"", "domain: 'own' "}) {
    const Bundle bundle =
        Cut(Input("x") + Output("z") + Typed("y") + Op("Relu", "a", {"x"}, {"y"}) +
                Op("SequenceConstruct", "s", {"x"}, {"q"}) +
                Op("SequenceMap", "b", {"q"}, {"r"}, domain + body) +
                Op("ConcatFromSequence", "c", {"r"}, {"z"},
                   "attribute { name: 'axis' type: INT i: 0 } "),
            {{"a", 0}, {"s", 1}, {"b", 1}, {"c", 1}});
    EXPECT_EQ(Taken(bundle, "y"), "open") << domain;
  }
}

TEST_F(IdleBodiesTest, BranchesInsideOfBodiesAndFunctionsCount) {
  const std::string inner =
      Body("body", Scalar("input", "i", 7) + Scalar("input", "go", 9) + Input("v") +
                       Scalar("output", "on", 9) + Output("next") +
                       Op("Identity", "cond", {"go"}, {"on"}) +
                       Op("If", "inner", {"go"}, {"next"}, Branches("y")));
  const Bundle loop =
      Cut(Input("x") + Output("z") + Typed("y") + Integer("n", 3) + Op("Relu", "a", {"x"}, {"y"}) +
              Op("Loop", "b", {"n", "", "x"}, {"z"}, inner),
          {{"a", 0}, {"b", 1}});
  EXPECT_EQ(Taken(loop, "y"), "open");

  // g calls f, which has the If; h has none.
  const auto function = [](const std::string& name, const std::string& node) {
    return "functions { name: '" + name + "' domain: 'own' input: 'p' input: 'q' output: 'r' " +
           "opset_import { version: 16 } opset_import { domain: 'own' version: 1 } " + node + "} ";
  };
  const std::string functions =
      "opset_import { domain: 'own' version: 1 } " +
      function("g", Op("f", "call", {"p", "q"}, {"r"}, "domain: 'own' ")) +
      function("f", Op("If", "if", {"p"}, {"r"}, Branches("q"))) +
      function("h", Op("Relu", "relu", {"q"}, {"r"}));
  for (const char* called : {"f", "g", "h"}) {
    module_ = ImportText(ModelText(Scalar("input", "c", 9) + Input("x") + Output("z") + Typed("y") +
                                       Op("Relu", "a", {"x"}, {"y"}) +
                                       Op(called, "b", {"c", "y"}, {"z"}, "domain: 'own' "),
                                   functions),
                         folder_);
    const absl::StatusOr<Bundle> bundle =
        Extract(module_, TwoDevices(), MakePlan(module_, {{"a", 0}, {"b", 1}}));
    ASSERT_TRUE(bundle.ok()) << bundle.status();
    EXPECT_EQ(Taken(*bundle, "y"), std::string(called) == "h" ? "static" : "open") << called;
  }
}

TEST_F(ExtractTest, OutputsThatNoNodeComputes) {
  // x is passed through; v is a weight nobody uses, w one that part 1 uses; k is a constant.
  const Bundle bundle =
      Cut(Input("x") + Input("unused") + Output("x") + Output("v") + Output("w") + Output("k") +
              Output("z") + Typed("y") + Weight("v") + Weight("w") + ConstantOp("k", 1) +
              Op("Relu", "a", {"x"}, {"y"}) + Op("Add", "b", {"y", "w"}, {"z"}),
          {{"a", 0}, {"b", 1}});
  EXPECT_THAT(bundle.inputs, ElementsAre("x", "unused"));
  EXPECT_THAT(bundle.outputs, ElementsAre("x", "v", "w", "k", "z"));
  EXPECT_THAT(bundle.pieces[0].outputs, ElementsAre("v", "k", "y"));
  EXPECT_THAT(bundle.pieces[1].outputs, ElementsAre("w", "z"));
  EXPECT_THAT(bundle.pieces[0].inputs, ElementsAre("x"));
}

TEST_F(ExtractTest, AnOutputThatIsAlsoUsedElsewhereIsProducedOnce) {
  const Bundle bundle = Cut(Input("x") + Output("z") + Output("y") + Op("Relu", "a", {"x"}, {"y"}) +
                                Op("Tanh", "b", {"y"}, {"t"}) + Op("Tanh", "c", {"y"}, {"u"}) +
                                Op("Add", "d", {"t", "u"}, {"z"}),
                            {{"a", 0}, {"b", 1}, {"c", 1}, {"d", 1}});
  EXPECT_THAT(bundle.pieces[0].outputs, ElementsAre("y"));
  EXPECT_THAT(bundle.pieces[1].inputs, ElementsAre("y"));
  EXPECT_THAT(bundle.pieces[1].outputs, ElementsAre("z"));
}

TEST_F(ExtractTest, AModelWithoutNodes) {
  const Bundle passes = Cut(Input("x") + Output("x"), {});
  EXPECT_TRUE(passes.pieces.empty());
  EXPECT_THAT(passes.outputs, ElementsAre("x"));

  const Bundle gives = Cut(Output("w") + Weight("w"), {});
  ASSERT_EQ(gives.pieces.size(), 1u);
  EXPECT_THAT(gives.pieces[0].inputs, IsEmpty());
  EXPECT_THAT(gives.pieces[0].outputs, ElementsAre("w"));

  const Bundle constant = Cut(Output("k") + ConstantOp("k", 7), {});
  ASSERT_EQ(constant.pieces.size(), 1u);
  EXPECT_THAT(NodeNames(constant.pieces[0]), ElementsAre("k_node"));
}

TEST_F(ExtractTest, PartsWithoutInputs) {
  const Bundle bundle = Cut(Output("z") + Typed("y") + Weight("w") + Op("Relu", "a", {"w"}, {"y"}) +
                                Op("Tanh", "b", {"y"}, {"z"}),
                            {{"a", 0}, {"b", 1}});
  EXPECT_THAT(bundle.pieces[0].inputs, IsEmpty());
}

TEST_F(ExtractTest, EmptyPartsOfThePlanAreSkipped) {
  const Bundle bundle = Cut(Input("x") + Output("y") + Op("Relu", "a", {"x"}, {"y"}), {{"a", 3}});
  ASSERT_EQ(bundle.pieces.size(), 1u);
  EXPECT_EQ(bundle.pieces[0].id, "p0");
  EXPECT_EQ(bundle.pieces[0].part, ir::PartId(3));
  EXPECT_EQ(bundle.pieces[0].device, DeviceId(1));
}

TEST_F(ExtractTest, PartsOfWhichNothingIsNeededAreLeftOut) {
  const Bundle bundle =
      Cut(Input("x") + Output("z") + Typed("y") + Typed("t") + Op("Relu", "dead", {"x"}, {"t"}) +
              Op("Relu", "a", {"x"}, {"y"}) + Op("Tanh", "dead too", {"t"}, {"u"}) +
              Op("Tanh", "b", {"y"}, {"z"}),
          {{"dead", 0}, {"a", 1}, {"dead too", 2}, {"b", 3}});
  ASSERT_EQ(bundle.pieces.size(), 2u);
  EXPECT_THAT(NodeNames(bundle.pieces[0]), ElementsAre("a"));
  EXPECT_EQ(bundle.pieces[0].id, "p0");
  EXPECT_THAT(bundle.pieces[0].outputs, ElementsAre("y"));
  EXPECT_THAT(bundle.pieces[1].inputs, ElementsAre("y"));
  EXPECT_THAT(bundle.outputs, ElementsAre("z"));
}

TEST_F(ExtractTest, SymbolsAndUnknownDimensionsCross) {
  const Bundle bundle =
      Cut("input { " + Info("x", "dim { dim_param: 'N' } dim { }") + "} output { " +
              Info("z", "dim { dim_param: 'N' } dim { }") + "} value_info { " +
              Info("y", "dim { dim_param: 'N' } dim { }") + "} " + Op("Relu", "a", {"x"}, {"y"}) +
              Op("Tanh", "b", {"y"}, {"z"}),
          {{"a", 0}, {"b", 1}});
  const ir::Graph& graph = bundle.pieces[1].graph;
  EXPECT_EQ(graph.value(graph.inputs()[0]).type,
            ir::Type::Tensor(ir::ElementType::kFloat,
                             ir::Shape{ir::Dim::Symbol("N"), ir::Dim::Unknown()}));
}

TEST_F(ExtractTest, QuantizationAnnotationsFollowTheirTensors) {
  const std::string annotation =
      "quantization_annotation { tensor_name: 'y' quant_parameter_tensor_names { "
      "key: 'SCALE_TENSOR' value: 's' } } quantization_annotation { tensor_name: 'z' } ";
  const Bundle bundle = Cut(Input("x") + Output("q") + Output("y") + Output("z") + Weight("s") +
                                Op("Relu", "a", {"x"}, {"y"}) + Op("Add", "b", {"x", "x"}, {"z"}) +
                                Op("Mul", "c", {"z", "s"}, {"q"}) + annotation,
                            {{"a", 0}, {"b", 1}, {"c", 1}});
  EXPECT_EQ(bundle.pieces[0].graph.quantization_annotations.size(), 1u);
  EXPECT_THAT(InitializerNames(bundle.pieces[0]), ElementsAre("s"));
  EXPECT_EQ(bundle.pieces[1].graph.quantization_annotations.size(), 1u);
}

TEST_F(ExtractTest, RefusesWhatCannotCross) {
  const absl::Status status = CutError(
      Input("x") + Output("z") + Op("Relu", "a", {"x"}, {"y"}) + Op("Tanh", "b", {"y"}, {"z"}),
      {{"a", 0}, {"b", 1}});
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("tensor 'y' passes from part p0 to part p1"));
}

TEST_F(ExtractTest, RefusesCyclesOfParts) {
  const absl::Status status =
      CutError(Input("x") + Output("z") + Typed("y") + Typed("w") + Op("Relu", "a", {"x"}, {"y"}) +
                   Op("Tanh", "b", {"y"}, {"w"}) + Op("Add", "c", {"w", "y"}, {"z"}),
               {{"a", 0}, {"b", 1}, {"c", 0}});
  EXPECT_THAT(std::string(status.message()), HasSubstr("cycle: p0, p1"));
}

TEST_F(ExtractTest, NamesTheNodeWithoutAPart) {
  module_ =
      ImportText(ModelText(Input("x") + Output("y") + Op("Relu", "lonely", {"x"}, {"y"})), folder_);
  const absl::Status status = Extract(module_, TwoDevices(), ir::Plan()).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("Relu node 'lonely' is in no part"));
}

TEST_F(ExtractTest, TheVerifierSeesWrongBundles) {
  const Bundle good = Cut(Input("x") + Output("z") + Typed("y") + Op("Relu", "a", {"x"}, {"y"}) +
                              Op("Tanh", "b", {"y"}, {"z"}),
                          {{"a", 0}, {"b", 1}});
  EXPECT_TRUE(VerifyBundle(good).ok());
  Bundle twice = good;
  twice.pieces.push_back(twice.pieces[0]);
  EXPECT_THAT(std::string(VerifyBundle(twice).message()),
              HasSubstr("tensor 'y' is produced by part p0 and part p0"));
  Bundle missing = good;
  missing.pieces.erase(missing.pieces.begin());
  EXPECT_FALSE(VerifyBundle(missing).ok());
  Bundle misstated = good;
  misstated.pieces[0].outputs.clear();
  EXPECT_FALSE(VerifyBundle(misstated).ok());
}

}  // namespace
}  // namespace allot
