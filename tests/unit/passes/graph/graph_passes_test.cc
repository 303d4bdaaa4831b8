// infer-shapes and the clean-up passes: what they change, what they keep, and that a second run
// changes nothing.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "absl/strings/str_cat.h"

#include "ir/verify.h"
#include "passes/pipeline/pass.h"
#include "tests/unit/operators/type_text.h"

namespace allot {

Entry<GraphPass> InferShapesEntry();
Entry<GraphPass> DeadNodesEntry();
Entry<GraphPass> DropIdentityEntry();
Entry<GraphPass> CseEntry();
Entry<GraphPass> FoldShapesEntry();

namespace {

using ::testing::ElementsAre;
using testing::EmptyModule;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ParseAttributes;
using testing::ParseType;
using testing::PrintType;

struct PassRun {
  absl::Status status;
  bool changed = false;
  Diagnostics diagnostics;
  PassStatistics statistics;
};

PassRun RunOnce(const Entry<GraphPass>& entry, ir::Module& module, const std::string& options) {
  PassRun run;
  PassContext context;
  context.diagnostics = &run.diagnostics;
  context.statistics = &run.statistics;
  absl::StatusOr<std::unique_ptr<GraphPass>> pass = entry.make(options);
  EXPECT_TRUE(pass.ok()) << pass.status();
  const absl::StatusOr<bool> changed = (*pass)->Run(module, context);
  run.status = changed.status();
  if (!changed.ok()) return run;
  run.changed = *changed;
  EXPECT_TRUE(module.graph.Compact());
  for (ir::Function& function : module.functions) EXPECT_TRUE(function.body.Compact());
  Diagnostics diagnostics;
  const absl::Status verified = ir::Verify(module, diagnostics);
  EXPECT_TRUE(verified.ok()) << verified;
  return run;
}

// Runs the pass, then once more to see that it has nothing left to do.
PassRun RunTwice(const Entry<GraphPass>& entry, ir::Module& module,
                 const std::string& options = "") {
  EXPECT_TRUE(module.graph.Compact());
  PassRun run = RunOnce(entry, module, options);
  if (!run.status.ok()) return run;
  const ir::Module once = module;
  EXPECT_FALSE(RunOnce(entry, module, options).changed) << "a second run changes something";
  EXPECT_TRUE(ir::Equal(once, module));
  return run;
}

ir::ValueId Apply(ir::Graph& graph, const std::string& op, std::vector<ir::ValueId> operands,
                  const std::string& name, const std::string& attributes = "",
                  const std::string& domain = "") {
  ir::Node node;
  node.op_type = op;
  node.domain = domain;
  node.name = "n_" + name;
  node.location.name = node.name;
  node.operands = std::move(operands);
  node.attributes = ParseAttributes(attributes);
  return graph.node(graph.AddNode(std::move(node), {{name, {}}})).results[0];
}

ir::ValueId Input(ir::Graph& graph, const std::string& name, const std::string& type) {
  return graph.AddInput(name, ParseType(type));
}

ir::ValueId Integers(ir::Module& module, ir::Graph& graph, const std::string& name,
                     const std::string& list, bool scalar = false) {
  ir::Constant constant = testing::ParseConstant(ir::ElementType::kInt64, list, scalar);
  ir::Type type = constant.type();
  return graph.AddInitializer(name, std::move(type), module.constants.Add(std::move(constant)));
}

// "y = Relu(x)", in order.
std::vector<std::string> Lines(const ir::Graph& graph) {
  std::vector<std::string> lines;
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    std::vector<std::string> operands, results;
    for (const ir::ValueId value : node.operands) {
      operands.push_back(value.valid() ? graph.value(value).name : "none");
    }
    for (const ir::ValueId value : node.captures) {
      operands.push_back("captured " + graph.value(value).name);
    }
    for (const ir::ValueId value : node.results) results.push_back(graph.value(value).name);
    lines.push_back(absl::StrCat(absl::StrJoin(results, ","), " = ", node.op_type, "(",
                                 absl::StrJoin(operands, ", "), ")"));
  }
  return lines;
}

std::vector<std::string> OutputNames(const ir::Graph& graph) {
  std::vector<std::string> names;
  for (const ir::ValueId value : graph.outputs()) names.push_back(graph.value(value).name);
  return names;
}

ir::ValueId ValueNamed(const ir::Graph& graph, const std::string& name) {
  for (size_t i = 0; i < graph.value_id_bound(); ++i) {
    if (graph.value(ir::ValueId(i)).name == name) return ir::ValueId(i);
  }
  ADD_FAILURE() << "no value " << name;
  return ir::ValueId();
}

// An If on input "c" whose branches return op(x) and Neg(x) for the captured x.
ir::ValueId AddIf(ir::Graph& graph, ir::ValueId x, const std::string& name,
                  const std::function<ir::ValueId(ir::Graph& body, ir::ValueId captured)>& then) {
  ir::Node node;
  node.op_type = "If";
  node.name = "n_" + name;
  node.operands = {Input(graph, "c_" + name, "i1[]")};
  node.captures = {x};
  node.attributes["then_branch"].value = ir::RegionIndex{0};
  node.attributes["else_branch"].value = ir::RegionIndex{1};
  const std::string captured_name = graph.value(x).name;
  for (const bool branch : {true, false}) {
    ir::Graph body;
    body.name = branch ? "then" : "else";
    const ir::ValueId captured = body.AddCapture(captured_name, graph.value(x).type);
    const ir::ValueId out =
        branch ? then(body, captured) : Apply(body, "Neg", {captured}, name + "_else");
    body.SetOutputs({out});
    node.regions.push_back(std::move(body));
  }
  return graph.node(graph.AddNode(std::move(node), {{name, {}}})).results[0];
}

// --- infer-shapes --------------------------------------------------------------------------------

TEST(InferShapes, WritesTypesIntoTheGraphAndItsBodies) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[N,3]");
  const ir::ValueId y = AddIf(graph, x, "y", [](ir::Graph& body, ir::ValueId captured) {
    return Apply(body, "Relu", {captured}, "inside");
  });
  graph.SetOutputs({Apply(graph, "Transpose", {y}, "z")});
  const PassRun run = RunTwice(InferShapesEntry(), module);
  EXPECT_TRUE(run.changed);
  EXPECT_EQ(PrintType(graph.value(ValueNamed(graph, "z")).type), "f32[3,N]");
  const ir::Graph& body = graph.node(graph.nodes()[0]).regions[0];
  EXPECT_EQ(PrintType(body.value(ValueNamed(body, "inside")).type), "f32[N,3]");
  EXPECT_EQ(run.statistics.counts().at("types refined"), 4);  // y, z and one in each body
}

TEST(InferShapes, NeverWritesSizesGivenForCosts) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  graph.SetOutputs({Apply(graph, "Relu", {Input(graph, "x", "f32[N,?]")}, "y")});
  PassContext context;
  Diagnostics diagnostics;
  PassStatistics statistics;
  context.diagnostics = &diagnostics;
  context.statistics = &statistics;
  context.dims.symbols["N"] = 7;
  ASSERT_TRUE((*InferShapesEntry().make(""))->Run(module, context).ok());
  EXPECT_EQ(PrintType(graph.value(ValueNamed(graph, "y")).type), "f32[N,?]");
}

TEST(InferShapes, WarnsOnceOfUntypedOps) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[2]");
  const ir::ValueId a = Apply(graph, "Foo", {x}, "a", "", "com.acme");
  const ir::ValueId b = Apply(graph, "Foo", {x}, "b", "", "com.acme");
  const ir::ValueId c = Apply(graph, "Bar", {x}, "c", "", "com.acme");
  graph.SetOutputs({Apply(graph, "Sum", {a, b, c}, "y")});
  const PassRun run = RunTwice(InferShapesEntry(), module);
  ASSERT_EQ(run.diagnostics.all().size(), 1u);
  EXPECT_EQ(run.diagnostics.all()[0].severity, Severity::kWarning);
  EXPECT_EQ(run.diagnostics.all()[0].message,
            "no rule gives the types of com.acme.Bar (1 result), com.acme.Foo (2 results); 1 more "
            "results depend on them; they cannot pass between parts");
  const PassRun strict = RunTwice(InferShapesEntry(), module, "strict=true");
  EXPECT_THAT(std::string(strict.status.message()), HasSubstr("com.acme.Foo (2 results)"));
}

TEST(InferShapes, RefusesContradictions) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[2,3]");
  graph.SetOutputs({Apply(graph, "MatMul", {x, Input(graph, "w", "f32[4,5]")}, "y")});
  EXPECT_EQ(RunTwice(InferShapesEntry(), module).status.message(),
            "'onnx.MatMul' op \"n_y\" on (float32[2, 3], float32[4, 5]): inner dimensions 3 and 4 "
            "differ");
}

// --- dead-nodes ----------------------------------------------------------------------------------

TEST(DeadNodes, ErasesWhatNoOutputNeeds) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[2]");
  const ir::ValueId dead = Apply(graph, "Relu", {x}, "dead");
  Apply(graph, "Neg", {Apply(graph, "Abs", {dead}, "deader")}, "deadest");
  Integers(module, graph, "unused", "1,2");
  const ir::ValueId y = Apply(graph, "Exp", {x}, "y");
  graph.SetOutputs({Apply(graph, "Log", {y}, "z"), y});
  const PassRun run = RunTwice(DeadNodesEntry(), module);
  EXPECT_TRUE(run.changed);
  EXPECT_THAT(Lines(graph), ElementsAre("y = Exp(x)", "z = Log(y)"));
  EXPECT_THAT(graph.initializers(), IsEmpty());
  EXPECT_EQ(graph.inputs().size(), 1u);
  EXPECT_EQ(run.statistics.counts().at("nodes erased"), 3);
}

TEST(DeadNodes, KeepsNodesThatABodyNeeds) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Apply(graph, "Relu", {Input(graph, "in", "f32[2]")}, "x");
  graph.SetOutputs({AddIf(graph, x, "y", [](ir::Graph& body, ir::ValueId captured) {
    Apply(body, "Abs", {captured}, "dead_inside");
    return Apply(body, "Relu", {captured}, "inside");
  })});
  EXPECT_TRUE(RunTwice(DeadNodesEntry(), module).changed);
  EXPECT_THAT(Lines(graph), ElementsAre("x = Relu(in)", "y = If(c_y, captured x)"));
  EXPECT_THAT(Lines(graph.node(graph.nodes()[1]).regions[0]), ElementsAre("inside = Relu(x)"));
}

TEST(DeadNodes, LooksIntoFunctions) {
  ir::Module module = EmptyModule();
  ir::Function function;
  function.domain = "local";
  function.name = "F";
  function.opset_imports = {{"", 17}};
  const ir::ValueId x = function.body.AddInput("x", {});
  Apply(function.body, "Abs", {x}, "dead");
  function.body.SetOutputs({Apply(function.body, "Relu", {x}, "y")});
  module.functions.push_back(std::move(function));
  EXPECT_TRUE(RunTwice(DeadNodesEntry(), module).changed);
  EXPECT_THAT(Lines(module.functions[0].body), ElementsAre("y = Relu(x)"));
}

// --- drop-identity -------------------------------------------------------------------------------

TEST(DropIdentity, ForwardsChainsAndKeepsNames) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[2]");
  const ir::ValueId a = Apply(graph, "Identity", {Apply(graph, "Identity", {x}, "i")}, "j");
  const ir::ValueId out1 = Apply(graph, "Identity", {x}, "out1");  // input to output
  const ir::ValueId b = Apply(graph, "Relu", {a}, "b");
  const ir::ValueId out2 = Apply(graph, "Identity", {Apply(graph, "Identity", {b}, "k")}, "out2");
  graph.SetOutputs({out1, out2});
  EXPECT_TRUE(RunTwice(DropIdentityEntry(), module).changed);
  EXPECT_THAT(Lines(graph), ElementsAre("out1 = Identity(x)", "b = Relu(x)", "out2 = Identity(b)"));
  EXPECT_THAT(OutputNames(graph), ElementsAre("out1", "out2"));
}

TEST(DropIdentity, WorksAcrossBodies) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Apply(graph, "Relu", {Input(graph, "in", "f32[2]")}, "x");
  const ir::ValueId copy = Apply(graph, "Identity", {x}, "copy");
  graph.SetOutputs({AddIf(graph, copy, "y", [](ir::Graph& body, ir::ValueId captured) {
    const ir::ValueId inner = Apply(body, "Identity", {captured}, "inner");
    return Apply(body, "Identity", {Apply(body, "Abs", {inner}, "abs")}, "out");
  })});
  EXPECT_TRUE(RunTwice(DropIdentityEntry(), module).changed);
  EXPECT_THAT(Lines(graph), ElementsAre("x = Relu(in)", "y = If(c_y, captured x)"));
  EXPECT_THAT(Lines(graph.node(graph.nodes()[1]).regions[0]),
              ElementsAre("abs = Abs(x)", "out = Identity(abs)"));
}

TEST(DropIdentity, KeepsTheMorePreciseType) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId a = Apply(graph, "Odd", {Input(graph, "x", "f32[2]")}, "a", "", "com.acme");
  const ir::ValueId b = Apply(graph, "Identity", {a}, "b");
  graph.mutable_value(b).type = ParseType("f32[5]");
  graph.SetOutputs({Apply(graph, "Relu", {b}, "y")});
  EXPECT_TRUE(RunTwice(DropIdentityEntry(), module).changed);
  EXPECT_EQ(PrintType(graph.value(ValueNamed(graph, "a")).type), "f32[5]");
}

// --- cse -----------------------------------------------------------------------------------------

TEST(Cse, MergesEqualNodesAndWhatFollows) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[2,3]");
  // Equal constants under different names count as equal.
  const ir::ValueId s1 = Integers(module, graph, "s1", "3,2"),
                    s2 = Integers(module, graph, "s2", "3,2");
  const ir::ValueId a = Apply(graph, "Relu", {Apply(graph, "Reshape", {x, s1}, "r1")}, "a");
  const ir::ValueId b = Apply(graph, "Relu", {Apply(graph, "Reshape", {x, s2}, "r2")}, "b");
  graph.SetOutputs({Apply(graph, "Add", {a, b}, "y")});
  const PassRun run = RunTwice(CseEntry(), module);
  EXPECT_TRUE(run.changed);
  EXPECT_THAT(Lines(graph), ElementsAre("r1 = Reshape(x, s1)", "a = Relu(r1)", "y = Add(a, a)"));
  EXPECT_EQ(run.statistics.counts().at("nodes merged"), 2);
  const ir::Location& location = graph.node(graph.nodes()[0]).location;
  ASSERT_EQ(location.fused.size(), 2u);
  EXPECT_EQ(location.fused[1].name, "n_r2");
}

TEST(Cse, KeepsApartWhatDiffers) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[2,2]");
  const ir::ValueId one = Integers(module, graph, "one", "1"),
                    two = Integers(module, graph, "two", "2");
  std::vector<ir::ValueId> all = {
      Apply(graph, "Softmax", {x}, "a", "axis=0"),
      Apply(graph, "Softmax", {x}, "b", "axis=1"),
      Apply(graph, "Softmax", {x}, "c"),
      Apply(graph, "LogSoftmax", {x}, "d", "axis=0"),
      Apply(graph, "LeakyRelu", {x}, "e", "alpha=0.25"),
      Apply(graph, "LeakyRelu", {x}, "f", "alpha=0.5"),
      Apply(graph, "Concat", {x}, "i", "axis=0"),
      Apply(graph, "Sub", {x, one}, "g"),
      Apply(graph, "Sub", {one, x}, "h"),
      Apply(graph, "Sub", {x, two}, "j"),
      Apply(graph, "Odd", {x}, "k", "", "com.acme"),
      Apply(graph, "Odd", {x}, "l", "", "com.acme"),
      Apply(graph, "RandomNormalLike", {x}, "m"),
      Apply(graph, "RandomNormalLike", {x}, "n"),
      Apply(graph, "Dropout", {x}, "o"),
      Apply(graph, "Dropout", {x}, "p"),
      Apply(graph, "Clip", {x, ir::ValueId(), one}, "q"),
      Apply(graph, "Clip", {x, one}, "r"),
  };
  graph.SetOutputs({Apply(graph, "Max", all, "y")});
  EXPECT_FALSE(RunTwice(CseEntry(), module).changed);
}

TEST(Cse, OutputsKeepTheirNames) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[2]");
  const ir::ValueId a = Apply(graph, "Relu", {x}, "a"), b = Apply(graph, "Relu", {x}, "b");
  const ir::ValueId c = Apply(graph, "Relu", {x}, "c");
  graph.SetOutputs({a, b, Apply(graph, "Neg", {c}, "y")});
  EXPECT_TRUE(RunTwice(CseEntry(), module).changed);
  EXPECT_THAT(OutputNames(graph), ElementsAre("a", "b", "y"));
  EXPECT_THAT(Lines(graph), ElementsAre("a = Relu(x)", "b = Relu(x)", "y = Neg(a)"));
}

TEST(Cse, MergesWithinBodiesAndCapturesOfThem) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[2]");
  const ir::ValueId a = Apply(graph, "Relu", {x}, "a"), b = Apply(graph, "Relu", {x}, "b");
  const ir::ValueId y = AddIf(graph, b, "y", [](ir::Graph& body, ir::ValueId captured) {
    const ir::ValueId left = Apply(body, "Abs", {captured}, "left");
    const ir::ValueId right = Apply(body, "Abs", {captured}, "right");
    return Apply(body, "Add", {left, right}, "sum");
  });
  graph.SetOutputs({Apply(graph, "Add", {a, y}, "z")});
  EXPECT_TRUE(RunTwice(CseEntry(), module).changed);
  EXPECT_THAT(Lines(graph), ElementsAre("a = Relu(x)", "y = If(c_y, captured a)", "z = Add(a, y)"));
  EXPECT_THAT(Lines(graph.node(graph.nodes()[1]).regions[0]),
              ElementsAre("left = Abs(a)", "sum = Add(left, left)"));
}

// --- fold-shapes ---------------------------------------------------------------------------------

TEST(FoldShapes, FoldsWhatIsKnownForEverySize) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[N,3,4]");
  const ir::ValueId shape = Apply(graph, "Shape", {x}, "shape");
  const ir::ValueId tail = Apply(
      graph, "Slice",
      {shape, Integers(module, graph, "from", "1"), Integers(module, graph, "to", "3")}, "tail");
  const ir::ValueId count = Apply(graph, "ReduceProd", {tail}, "count", "keepdims=1");
  const ir::ValueId target =
      Apply(graph, "Concat", {Integers(module, graph, "minus", "-1"), count}, "target", "axis=0");
  graph.SetOutputs({Apply(graph, "Reshape", {x, target}, "y")});
  const PassRun run = RunTwice(FoldShapesEntry(), module);
  EXPECT_TRUE(run.changed);
  // Shape stays: its first element is open. Nobody uses it any more, which is for dead-nodes.
  EXPECT_THAT(Lines(graph),
              ElementsAre("shape = Shape(x)", "target = Constant()", "y = Reshape(x, target)"));
  const ir::Node& folded = graph.node(graph.nodes()[1]);
  EXPECT_EQ(folded.name, "n_target");
  EXPECT_EQ(folded.location.name, "n_target");
  const ir::ConstantId constant = *ir::FindAttribute<ir::ConstantId>(folded.attributes, "value");
  EXPECT_EQ(module.constants[constant].AsIntegers(), (std::vector<int64_t>{-1, 12}));
  EXPECT_EQ(PrintType(graph.value(ValueNamed(graph, "target")).type), "i64[2]");
  EXPECT_EQ(run.statistics.counts().at("nodes folded"), 3);
}

TEST(FoldShapes, IgnoresSizesGivenForCosts) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[N]");
  const ir::ValueId shape = Apply(graph, "Shape", {x}, "shape");
  graph.SetOutputs({Apply(graph, "Expand", {Input(graph, "one", "f32[1]"), shape}, "y")});
  PassContext context;
  Diagnostics diagnostics;
  PassStatistics statistics;
  context.diagnostics = &diagnostics;
  context.statistics = &statistics;
  context.dims.symbols["N"] = 7;
  const absl::StatusOr<bool> changed = (*FoldShapesEntry().make(""))->Run(module, context);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_FALSE(*changed);
}

TEST(FoldShapes, KeepsOutputsAndRealNumbers) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[2,3]");
  const ir::ValueId shape = Apply(graph, "Shape", {x}, "shape");
  const ir::ValueId real = Apply(graph, "Cast", {shape}, "real", "to=1");
  graph.SetOutputs({shape, Apply(graph, "Relu", {real}, "y")});
  EXPECT_FALSE(RunTwice(FoldShapesEntry(), module).changed);
}

TEST(FoldShapes, KeepsElementTypes) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[300,3]");
  const ir::ValueId shape = Apply(graph, "Shape", {x}, "shape");
  const ir::ValueId narrow = Apply(graph, "Cast", {shape}, "narrow", "to=6");
  const ir::ValueId is_three =
      Apply(graph, "Equal", {shape, Integers(module, graph, "three", "3")}, "is_three");
  graph.SetOutputs({Apply(graph, "Identity", {narrow}, "a"), Apply(graph, "Not", {is_three}, "b")});
  EXPECT_TRUE(RunTwice(FoldShapesEntry(), module).changed);
  const auto constant_of = [&](const std::string& name) {
    const ir::NodeId node = graph.value(ValueNamed(graph, name)).producer;
    EXPECT_EQ(graph.node(node).op_type, "Constant");
    return module
        .constants[*ir::FindAttribute<ir::ConstantId>(graph.node(node).attributes, "value")];
  };
  const ir::Constant narrow_constant = constant_of("narrow"), truths = constant_of("is_three");
  EXPECT_EQ(narrow_constant.element, ir::ElementType::kInt32);
  EXPECT_EQ(narrow_constant.AsIntegers(), (std::vector<int64_t>{300, 3}));
  EXPECT_EQ(truths.element, ir::ElementType::kBool);
  EXPECT_EQ(*std::get<ir::InlineBytes>(truths.storage).bytes, std::string("\0\1", 2));
}

TEST(FoldShapes, FoldsWithinBodies) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[2,3]");
  const ir::ValueId shape = Apply(graph, "Shape", {x}, "shape");
  graph.SetOutputs({AddIf(graph, shape, "y", [](ir::Graph& body, ir::ValueId captured) {
    return Apply(body, "ConstantOfShape",
                 {Apply(body, "Neg", {Apply(body, "Neg", {captured}, "m")}, "p")}, "zeros");
  })});
  EXPECT_TRUE(RunTwice(FoldShapesEntry(), module).changed);
  EXPECT_THAT(Lines(graph), ElementsAre("shape = Constant()", "y = If(c_y, captured shape)"));
  EXPECT_THAT(Lines(graph.node(graph.nodes()[1]).regions[0]),
              ElementsAre("p = Constant()", "zeros = ConstantOfShape(p)"));
}

}  // namespace
}  // namespace allot
