// Declared types, bodies, functions, sizes for open dimensions.
#include "operators/inference/type_inference.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "absl/strings/str_cat.h"

#include "tests/unit/operators/type_text.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using testing::EmptyModule;
using ::testing::HasSubstr;
using testing::ParseAttributes;
using testing::ParseType;
using testing::PrintType;

// Adds a node on values of the same graph; the results are named NAME, NAME_1, ...
std::vector<ir::ValueId> Apply(ir::Graph& graph, const std::string& op,
                               std::vector<ir::ValueId> operands, const std::string& name,
                               const std::string& attributes = "", size_t num_results = 1,
                               const std::string& domain = "") {
  ir::Node node;
  node.op_type = op;
  node.domain = domain;
  node.name = "node_" + name;
  node.operands = std::move(operands);
  node.attributes = ParseAttributes(attributes);
  std::vector<ir::Graph::Result> results;
  for (size_t i = 0; i < num_results; ++i) {
    results.push_back({i == 0 ? name : absl::StrCat(name, "_", i), {}});
  }
  return graph.node(graph.AddNode(std::move(node), results)).results;
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

struct Outcome {
  InferredTypes types;
  Diagnostics diagnostics;
};

Outcome Infer(const ir::Module& module, const ir::OperatorSchemas* schemas = nullptr) {
  Outcome outcome;
  absl::StatusOr<InferredTypes> types = InferTypes(module, schemas, outcome.diagnostics);
  EXPECT_TRUE(types.ok()) << types.status();
  if (types.ok()) outcome.types = *std::move(types);
  return outcome;
}

std::string TypeOf(const Outcome& outcome, ir::ValueId value) {
  return PrintType(outcome.types.main().types[value]);
}

std::string ConcreteTypeOf(const ConcreteTypes& types, ir::ValueId value) {
  return PrintType(types.inferred.main().types[value]);
}

// --- declared types ------------------------------------------------------------------------------

TEST(TypeInference, DeclaredTypesAddToWhatIsInferred) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[3,4]");
  const ir::ValueId odd = Apply(graph, "Odd", {x}, "odd", "", 1, "com.acme")[0];
  graph.mutable_value(odd).type = ParseType("f32[M,?,8]");
  const ir::ValueId y = Apply(graph, "Relu", {odd}, "y")[0];
  graph.mutable_value(y).type = ParseType("f32[?,K,?]");
  const Outcome outcome = Infer(module);
  EXPECT_EQ(TypeOf(outcome, odd), "f32[M,?,8]") << "no input can change the 8";
  EXPECT_EQ(TypeOf(outcome, y), "f32[M,K,8]");
  EXPECT_TRUE(outcome.types.untyped_ops.empty());
  EXPECT_TRUE(outcome.diagnostics.all().empty());
}

TEST(TypeInference, DeclaredSizesThatNothingComputesAreHints) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[N,4]");
  const ir::ValueId odd = Apply(graph, "Odd", {x}, "odd", "", 1, "com.acme")[0];
  graph.mutable_value(odd).type = ParseType("f32[N,?,8]");
  const ir::ValueId y = Apply(graph, "Relu", {odd}, "y")[0];
  graph.mutable_value(y).type = ParseType("f32[?,5,?]");
  // Of how many there are, one example says nothing, whoever stated it.
  const ir::ValueId fixed = Input(graph, "fixed", "f32[6]");
  const ir::ValueId where = Apply(graph, "NonZero", {fixed}, "where")[0];
  graph.mutable_value(where).type = ParseType("i64[1,5]");
  const Outcome outcome = Infer(module);
  EXPECT_EQ(TypeOf(outcome, odd), "f32[N,?,?~8]");
  EXPECT_EQ(TypeOf(outcome, y), "f32[N,?~5,?]");
  EXPECT_EQ(TypeOf(outcome, where), "i64[1,?~5]");
  EXPECT_TRUE(outcome.diagnostics.all().empty());
  // Costs go by them, before they are written into the graph and after.
  for (int round = 0; round < 2; ++round) {
    const ConcreteTypes concrete = InferConcreteTypes(module, nullptr, {});
    EXPECT_EQ(ConcreteTypeOf(concrete, odd), "f32[1,1,8]");
    EXPECT_EQ(ConcreteTypeOf(concrete, where), "i64[1,5]");
    for (const ir::ValueId value : {odd, y, where}) {
      graph.mutable_value(value).type = outcome.types.main().types[value];
    }
  }
  const Outcome again = Infer(module);
  EXPECT_EQ(TypeOf(again, y), "f32[N,?~5,?]");
}

TEST(TypeInference, ComputedTypesBeatDeclaredOnes) {
  for (const char* declared : {"f32[3,4]", "f32[4]", "f32[2,4,1]", "f64[2,4]", "seq(f32[2,4])"}) {
    ir::Module module = EmptyModule();
    ir::Graph& graph = module.graph;
    const ir::ValueId x = Input(graph, "x", "f32[2,4]");
    const ir::ValueId y = Apply(graph, "Relu", {x}, "y")[0];
    graph.mutable_value(y).type = ParseType(declared);
    const ir::ValueId z = Apply(graph, "Shape", {y}, "z")[0];
    const ir::ValueId w = Apply(graph, "ConstantOfShape", {z}, "w")[0];
    graph.SetOutputs({y, w});
    const Outcome outcome = Infer(module);
    EXPECT_EQ(TypeOf(outcome, y), "f32[2,4]") << declared;
    EXPECT_EQ(TypeOf(outcome, w), "f32[2,4]") << declared;
    ASSERT_EQ(outcome.diagnostics.all().size(), 1u) << declared;
    EXPECT_EQ(outcome.diagnostics.all()[0].severity, Severity::kWarning);
    EXPECT_THAT(outcome.diagnostics.all()[0].message, HasSubstr("value 'y' is declared "));
    EXPECT_THAT(outcome.diagnostics.all()[0].message,
                HasSubstr(" but computed as float32[2, 4]; the computed type is used"));
  }
}

TEST(TypeInference, DeclaredSizesOfAnotherBatchAreStale) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[N,8]");
  const ir::ValueId y = Apply(graph, "Relu", {x}, "y")[0];
  graph.mutable_value(y).type = ParseType("f32[1,8]");
  const ir::ValueId z = Apply(graph, "Relu", {y}, "z")[0];
  const Outcome outcome = Infer(module);
  EXPECT_EQ(TypeOf(outcome, y), "f32[N,8]");
  EXPECT_EQ(TypeOf(outcome, z), "f32[N,8]");
  ASSERT_EQ(outcome.diagnostics.all().size(), 1u);
  EXPECT_THAT(outcome.diagnostics.all()[0].message,
              HasSubstr("value 'y' is declared float32[1, 8] but computed as float32[N, 8]"));
}

TEST(TypeInference, OneWarningForAllContradictions) {
  ir::Module module = EmptyModule();
  ir::ValueId value = Input(module.graph, "x", "f32[2]");
  for (int i = 0; i < 5; ++i) {
    const ir::ValueId x = Input(module.graph, absl::StrCat("x", i), "f32[2]");
    value = Apply(module.graph, "Relu", {x}, absl::StrCat("y", i))[0];
    module.graph.mutable_value(value).type = ParseType("f32[3]");
  }
  const Outcome outcome = Infer(module);
  ASSERT_EQ(outcome.diagnostics.all().size(), 1u);
  EXPECT_THAT(outcome.diagnostics.all()[0].message, HasSubstr("(so also of 4 more values)"));
}

TEST(TypeInference, UntypedOpsAreNamedOnceWithWhatDependsOnThem) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[2]");
  const ir::ValueId a = Apply(graph, "Odd", {x}, "a", "", 2, "com.acme")[0];
  const ir::ValueId b = Apply(graph, "Relu", {a}, "b")[0];
  Apply(graph, "Odd", {b}, "c", "", 1, "com.acme");
  Apply(graph, "Odd", {x}, "d", "", 1, "com.acme");
  const Outcome outcome = Infer(module);
  EXPECT_EQ(outcome.types.untyped_ops, (std::vector<UntypedOp>{{"com.acme.Odd", 3}}));
  EXPECT_EQ(outcome.types.untyped_behind, 2);
}

TEST(TypeInference, OverridableInputsAreNoConstantsFromIrVersion4On) {
  for (const int64_t ir_version : {3, 4, 8}) {
    ir::Module module = EmptyModule();
    module.ir_version = ir_version;
    ir::Graph& graph = module.graph;
    const ir::ValueId x = Input(graph, "x", "f32[6]");
    ir::Constant sizes = testing::ParseConstant(ir::ElementType::kInt64, "2,3", false);
    ir::Type type = sizes.type();
    const ir::ValueId shape = graph.AddInput("shape", type, module.constants.Add(sizes));
    const ir::ValueId y = Apply(graph, "Reshape", {x, shape}, "y")[0];
    EXPECT_EQ(TypeOf(Infer(module), y), ir_version < 4 ? "f32[2,3]" : "f32[?,?]");
    // For costs the default is good enough.
    EXPECT_EQ(ConcreteTypeOf(InferConcreteTypes(module, nullptr, {}), y), "f32[2,3]");
  }
}

// --- a library of schemas ------------------------------------------------------------------------

class FakeSchemas final : public ir::OperatorSchemas {
 public:
  absl::StatusOr<std::optional<std::vector<ir::Type>>> InferTypes(
      const ir::Module&, const ir::Node& node, int64_t opset_version,
      const std::vector<Operand>& operands) const override {
    if (node.op_type == "Broken") return absl::InvalidArgumentError("Broken: no way");
    if (node.op_type != "Stft") return std::nullopt;
    std::string dims = absl::StrCat(opset_version);
    if (operands.size() > 1 && operands[1].integers) {
      absl::StrAppend(&dims, ",", operands[1].integers->at(0), ",",
                      operands[1].integer_dims.size());
    }
    return std::vector<ir::Type>{ParseType("f32[" + dims + "]")};
  }
};

TEST(TypeInference, AsksTheSchemasWhereNoRuleIs) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[9]");
  const ir::ValueId step = Integers(module, graph, "step", "4", /*scalar=*/true);
  const ir::ValueId y = Apply(graph, "Stft", {x, step}, "y")[0];
  EXPECT_EQ(TypeOf(Infer(module, std::make_unique<FakeSchemas>().get()), y), "f32[17,4,0]");
}

TEST(TypeInference, PassesOnWhatTheSchemasRefuse) {
  ir::Module module = EmptyModule();
  Apply(module.graph, "Broken", {Input(module.graph, "x", "f32[9]")}, "y");
  Diagnostics diagnostics;
  const FakeSchemas schemas;
  const absl::StatusOr<InferredTypes> types = InferTypes(module, &schemas, diagnostics);
  EXPECT_EQ(types.status().message(),
            "'onnx.Broken' op \"node_y\" on (float32[9]): Broken: no way");
  EXPECT_EQ(InferConcreteTypes(module, &schemas, {}).misfit, types.status().message());
}

// --- operators that are not built in
// --------------------------------------------------------------

TEST(TypeInference, UsesTheOperatorsThatItIsGiven) {
  Operators operators = BuiltinOperators();
  Operator doubled;
  doubled.domain = "acme";
  doubled.op_type = "Doubled";
  doubled.shape = [](RuleContext& context) -> absl::Status {
    if (!context.shape(0)) return absl::OkStatus();
    ir::Shape shape = *context.shape(0);
    if (shape.empty()) return absl::InvalidArgumentError("a scalar has no rows");
    if (shape[0].known()) shape[0] = ir::Dim::Known(2 * shape[0].size);
    context.Set(0, context.element(0), shape);
    return absl::OkStatus();
  };
  doubled.value = [](RuleContext& context) {
    if (context.value(0) == nullptr) return;
    PartialValue value = *context.value(0);
    value.elements.insert(value.elements.end(), context.value(0)->elements.begin(),
                          context.value(0)->elements.end());
    value.dims[0] *= 2;
    context.SetValue(0, std::move(value));
  };
  operators.Add(doubled);

  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[3,N]");
  const ir::ValueId y = Apply(graph, "Doubled", {x}, "y", "", 1, "acme")[0];
  const ir::ValueId dims = Integers(module, graph, "dims", "2,3");
  const ir::ValueId twice = Apply(graph, "Doubled", {dims}, "twice", "", 1, "acme")[0];
  Diagnostics diagnostics;
  EXPECT_FALSE(InferTypes(module, nullptr, diagnostics)->untyped_ops.empty());
  const absl::StatusOr<InferredTypes> types = InferTypes(module, nullptr, diagnostics, operators);
  ASSERT_TRUE(types.ok()) << types.status();
  EXPECT_TRUE(types->untyped_ops.empty());
  EXPECT_EQ(PrintType(types->main().types[y]), "f32[6,N]");
  EXPECT_EQ(types->main().integers.at(twice).elements, (std::vector<int64_t>{2, 3, 2, 3}));

  Apply(graph, "Doubled", {Input(graph, "scalar", "f32[]")}, "z", "", 1, "acme");
  EXPECT_EQ(InferTypes(module, nullptr, diagnostics, operators).status().message(),
            "'onnx.acme.Doubled' op \"node_z\" on (float32[]): a scalar has no rows");
}

// --- If ------------------------------------------------------------------------------------------

// If(condition): x[axes squeezed or not]; both bodies capture x.
ir::ValueId AddIf(ir::Module& module, ir::ValueId condition, ir::ValueId x,
                  const std::string& then_op, const std::string& else_op) {
  ir::Node node;
  node.op_type = "If";
  node.name = "if";
  node.operands = {condition};
  node.captures = {x};
  node.attributes["then_branch"].value = ir::RegionIndex{0};
  node.attributes["else_branch"].value = ir::RegionIndex{1};
  for (const std::string& op : {then_op, else_op}) {
    ir::Graph body;
    const ir::ValueId captured = body.AddCapture("x", {});
    std::vector<ir::ValueId> operands = {captured};
    if (op == "Squeeze") operands.push_back(Integers(module, body, "axes", "0"));
    body.SetOutputs(Apply(body, op, operands, "out"));
    node.regions.push_back(std::move(body));
  }
  return module.graph.node(module.graph.AddNode(std::move(node), {{"y", {}}})).results[0];
}

TEST(TypeInference, IfJoinsItsBranches) {
  const std::vector<std::tuple<std::string, std::string, std::string, std::string>> cases = {
      {"f32[N,3]", "Relu", "Neg", "f32[N,3]"},       {"f32[N,3]", "Relu", "Transpose", "f32[?,?]"},
      {"f32[3,3]", "Relu", "Transpose", "f32[3,3]"}, {"f32[1,3]", "Squeeze", "Relu", "f32[...]"},
      {"f32[1,3]", "IsNaN", "Relu", "any[1,3]"},
  };
  for (const auto& [type, yes, no, expected] : cases) {
    ir::Module module = EmptyModule();
    const ir::ValueId x = Input(module.graph, "x", type);
    const ir::ValueId condition = Input(module.graph, "c", "i1[]");
    const ir::ValueId y = AddIf(module, condition, x, yes, no);
    EXPECT_EQ(TypeOf(Infer(module), y), expected) << yes << " " << no;
  }
}

TEST(TypeInference, IfWithAKnownConditionIsItsBranch) {
  for (const int64_t rows : {1, 2}) {
    // if (Shape(x)[0] == 1) squeeze(x) else x, as exporters write it: the branch not taken need
    // not fit.
    ir::Module module = EmptyModule();
    ir::Graph& graph = module.graph;
    const ir::ValueId x = Input(graph, "x", absl::StrCat("f32[", rows, ",3]"));
    const ir::ValueId shape = Apply(graph, "Shape", {x}, "shape")[0];
    const ir::ValueId first =
        Apply(graph, "Gather", {shape, Integers(module, graph, "zero", "0", true)}, "first")[0];
    const ir::ValueId is_one =
        Apply(graph, "Equal", {first, Integers(module, graph, "one", "1", true)}, "is_one")[0];
    const ir::ValueId y = AddIf(module, is_one, x, "Squeeze", "Relu");
    const Outcome outcome = Infer(module);
    EXPECT_EQ(TypeOf(outcome, y), rows == 1 ? "f32[3]" : "f32[2,3]");
    const std::vector<InstanceId>& bodies = outcome.types.main().bodies.at(graph.value(y).producer);
    ASSERT_EQ(bodies.size(), 2u);
    EXPECT_EQ(outcome.types.graphs[bodies[0]].iterations, rows == 1 ? 1 : 0);
    EXPECT_EQ(outcome.types.graphs[bodies[1]].iterations, rows == 1 ? 0 : 1);
  }
}

// --- Loop and Scan -------------------------------------------------------------------------------

struct LoopModel {
  ir::Module module = EmptyModule();
  ir::ValueId last, stacked;
};

// carried = x; for i < trips: carried = op(carried, c); stack carried.
LoopModel MakeLoop(const std::string& type, const std::string& op, const std::string& attributes,
                   const std::string& trips, bool constant_condition) {
  LoopModel model;
  ir::Graph& graph = model.module.graph;
  const ir::ValueId x = Input(graph, "x", type);
  const ir::ValueId count = trips.empty() ? Input(graph, "trips", "i64[]")
                                          : Integers(model.module, graph, "trips", trips, true);
  ir::Node node;
  node.op_type = "Loop";
  node.name = "loop";
  node.operands = {count, ir::ValueId(), x};
  node.captures = {x};
  node.attributes["body"].value = ir::RegionIndex{0};
  ir::Graph body;
  body.AddInput("i", {});
  const ir::ValueId condition = body.AddInput("cond", {});
  const ir::ValueId carried = body.AddInput("carried", {});
  const ir::ValueId captured = body.AddCapture("x", {});
  ir::ValueId go_on = Apply(body, "Identity", {condition}, "go_on")[0];
  if (constant_condition) {
    ir::Constant yes = testing::ParseConstant(ir::ElementType::kBool, "1", true);
    ir::Type yes_type = yes.type();
    go_on = body.AddInitializer("yes", yes_type, model.module.constants.Add(yes));
  }
  const ir::ValueId next = Apply(body, op, {carried, captured}, "next", attributes)[0];
  body.SetOutputs({go_on, next, next});
  node.regions.push_back(std::move(body));
  const ir::NodeId id = graph.AddNode(std::move(node), {{"last", {}}, {"stacked", {}}});
  model.last = graph.node(id).results[0];
  model.stacked = graph.node(id).results[1];
  return model;
}

TEST(TypeInference, LoopKeepsWhatEveryIterationKeeps) {
  const LoopModel model = MakeLoop("f32[N,3]", "Add", "", "5", /*constant_condition=*/true);
  const Outcome outcome = Infer(model.module);
  EXPECT_EQ(TypeOf(outcome, model.last), "f32[N,3]");
  EXPECT_EQ(TypeOf(outcome, model.stacked), "f32[5,N,3]");
  const ir::NodeId loop = model.module.graph.value(model.last).producer;
  const InstanceId body = outcome.types.main().bodies.at(loop).at(0);
  EXPECT_EQ(outcome.types.graphs[body].iterations, 5);
}

TEST(TypeInference, LoopMayEndEarly) {
  const LoopModel model = MakeLoop("f32[N,3]", "Add", "", "5", /*constant_condition=*/false);
  EXPECT_EQ(TypeOf(Infer(model.module), model.stacked), "f32[?,N,3]");
  const LoopModel open = MakeLoop("f32[N,3]", "Add", "", "", /*constant_condition=*/true);
  EXPECT_EQ(TypeOf(Infer(open.module), open.stacked), "f32[?,N,3]");
}

TEST(TypeInference, LoopForgetsWhatChanges) {
  // Each iteration appends x: the first dimension grows.
  const LoopModel model = MakeLoop("f32[2,3]", "Concat", "axis=0", "5", true);
  const Outcome outcome = Infer(model.module);
  EXPECT_EQ(TypeOf(outcome, model.last), "f32[?,3]");
  EXPECT_EQ(TypeOf(outcome, model.stacked), "f32[5,?,3]");
  // For costs, the first iteration stands for all.
  const ConcreteTypes concrete = InferConcreteTypes(model.module, nullptr, {});
  EXPECT_EQ(ConcreteTypeOf(concrete, model.last), "f32[4,3]");
}

TEST(TypeInference, LoopWithARankThatChanges) {
  // carried = Gather(x, carried): the rank grows by one each time.
  const LoopModel model = MakeLoop("i64[2,3]", "Gather", "", "5", true);
  EXPECT_EQ(TypeOf(Infer(model.module), model.last), "i64[...]");
}

TEST(TypeInference, ScanSlicesAndStacks) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId state = Input(graph, "state", "f32[B,4]");
  const ir::ValueId xs = Input(graph, "xs", "f32[B,T,4]");
  ir::Node node;
  node.op_type = "Scan";
  node.operands = {state, xs};
  node.attributes = ParseAttributes("num_scan_inputs=1 scan_input_axes=[1] scan_output_axes=[-1]");
  node.attributes["body"].value = ir::RegionIndex{0};
  ir::Graph body;
  const ir::ValueId h = body.AddInput("h", {});
  const ir::ValueId x = body.AddInput("x", {});
  const ir::ValueId next = Apply(body, "Add", {h, x}, "next")[0];
  body.SetOutputs({next, next});
  node.regions.push_back(std::move(body));
  const ir::NodeId id = graph.AddNode(std::move(node), {{"last", {}}, {"all", {}}});
  const Outcome outcome = Infer(module);
  EXPECT_EQ(TypeOf(outcome, graph.node(id).results[0]), "f32[B,4]");
  EXPECT_EQ(TypeOf(outcome, graph.node(id).results[1]), "f32[B,4,T]");
}

// The states of a Scan keep their shape, so what the body says of them holds throughout.
TEST(TypeInference, ScanKeepsTheShapesOfItsStates) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  ir::Node node;
  node.op_type = "Scan";
  node.operands = {Input(graph, "state", "f32[S]"), Input(graph, "xs", "f32[T,2]")};
  node.attributes = ParseAttributes("num_scan_inputs=1");
  node.attributes["body"].value = ir::RegionIndex{0};
  ir::Graph body;
  const ir::ValueId h = body.AddInput("h", ParseType("f32[2]"));
  const ir::ValueId x = body.AddInput("x", {});
  const ir::ValueId next = Apply(body, "Add", {h, x}, "next")[0];
  body.SetOutputs({next, next});
  node.regions.push_back(std::move(body));
  const ir::NodeId id = graph.AddNode(std::move(node), {{"last", {}}, {"all", {}}});
  const Outcome outcome = Infer(module);
  EXPECT_EQ(TypeOf(outcome, graph.node(id).results[0]), "f32[2]");
  EXPECT_EQ(TypeOf(outcome, graph.node(id).results[1]), "f32[T,2]");
}

// In opset 8 the operands are batched, and the first one is the lengths of the sequences.
TEST(TypeInference, BatchedScanSlicesAndStacks) {
  for (const bool with_lengths : {false, true}) {
    ir::Module module = EmptyModule(8);
    ir::Graph& graph = module.graph;
    ir::Node node;
    node.op_type = "Scan";
    node.operands = {with_lengths ? Input(graph, "lengths", "i64[B]") : ir::ValueId(),
                     Input(graph, "state", "f32[B,2]"), Input(graph, "xs", "f32[3,T,2]")};
    node.attributes = ParseAttributes("num_scan_inputs=1");
    node.attributes["body"].value = ir::RegionIndex{0};
    ir::Graph body;
    const ir::ValueId h = body.AddInput("h", {});
    const ir::ValueId x = body.AddInput("x", {});
    const ir::ValueId next = Apply(body, "Add", {h, x}, "next")[0];
    body.SetOutputs({next, next});
    node.regions.push_back(std::move(body));
    const ir::NodeId id = graph.AddNode(std::move(node), {{"last", {}}, {"all", {}}});
    const Outcome outcome = Infer(module);
    EXPECT_EQ(TypeOf(outcome, graph.node(id).results[0]), "f32[3,2]");
    EXPECT_EQ(TypeOf(outcome, graph.node(id).results[1]), "f32[3,T,2]");
  }
}

// A Loop may start with an optional and carry on with what is in it.
TEST(TypeInference, LoopFillsAnOptional) {
  ir::Module module = EmptyModule(16);
  ir::Graph& graph = module.graph;
  ir::Node node;
  node.op_type = "Loop";
  node.operands = {Input(graph, "trips", "i64[]"), ir::ValueId(),
                   Input(graph, "start", "opt(seq(f32[2]))")};
  node.attributes["body"].value = ir::RegionIndex{0};
  ir::Graph body;
  body.AddInput("i", {});
  const ir::ValueId going = body.AddInput("going", {});
  const ir::ValueId carried = body.AddInput("carried", {});
  const ir::ValueId got = Apply(body, "OptionalGetElement", {carried}, "got")[0];
  body.SetOutputs({going, got});
  node.regions.push_back(std::move(body));
  const ir::NodeId id = graph.AddNode(std::move(node), {{"filled", {}}});
  EXPECT_EQ(TypeOf(Infer(module), graph.node(id).results[0]), "seq(f32[2])");
}

// What scores become in a body has no bearing on the result, but is typed.
TEST(TypeInference, ModifiersOfAttentionSeeScores) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  ir::Node node;
  node.domain = "ai.onnx.preview";
  node.op_type = "FlexAttention";
  node.operands = {Input(graph, "q", "f16[2,4,Q,8]"), Input(graph, "k", "f16[2,4,K,8]"),
                   Input(graph, "v", "f16[2,4,K,16]")};
  node.attributes["score_mod"].value = ir::RegionIndex{0};
  ir::Graph body;
  const ir::ValueId scores = body.AddInput("scores", {});
  const ir::ValueId bent = Apply(body, "Tanh", {scores}, "bent")[0];
  body.SetOutputs({bent});
  node.regions.push_back(std::move(body));
  const ir::NodeId id = graph.AddNode(std::move(node), {{"y", {}}});
  const Outcome outcome = Infer(module);
  EXPECT_EQ(TypeOf(outcome, graph.node(id).results[0]), "f16[2,4,Q,16]");
  const GraphTypes& inside = outcome.types.graphs[outcome.types.main().bodies.at(id)[0]];
  EXPECT_EQ(PrintType(inside.types[bent]), "f32[2,4,Q,K]");
  EXPECT_EQ(outcome.types.untyped_behind, 0);
}

// Where nothing inside explains it, control flow is named itself.
TEST(TypeInference, ControlFlowWithoutTypesIsNamed) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  ir::Node node;
  node.op_type = "If";
  node.operands = {Input(graph, "which", "i1[]")};
  const ir::ValueId x = Input(graph, "x", "f32[2]");
  const ir::ValueId s = Input(graph, "s", "seq(f32[2])");
  node.captures = {x, s};
  for (const char* branch : {"then_branch", "else_branch"}) {
    ir::Graph body;
    const ir::ValueId inner_x = body.AddCapture("x", {});
    const ir::ValueId inner_s = body.AddCapture("s", {});
    node.attributes[branch].value = ir::RegionIndex{static_cast<int32_t>(node.regions.size())};
    body.SetOutputs(Apply(body, "Identity", {node.regions.empty() ? inner_x : inner_s}, "y"));
    node.regions.push_back(std::move(body));
  }
  graph.AddNode(std::move(node), {{"y", {}}});
  const Outcome outcome = Infer(module);
  EXPECT_EQ(outcome.types.untyped_ops, (std::vector<UntypedOp>{{"If", 1}}));
  EXPECT_EQ(outcome.types.untyped_behind, 0);
}

TEST(TypeInference, SequenceMapWorksOnElements) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  ir::Node node;
  node.op_type = "SequenceMap";
  node.operands = {Input(graph, "xs", "seq(f32[2,3])")};
  node.attributes["body"].value = ir::RegionIndex{0};
  ir::Graph body;
  const ir::ValueId x = body.AddInput("x", {});
  body.SetOutputs(Apply(body, "Transpose", {x}, "t"));
  node.regions.push_back(std::move(body));
  const ir::NodeId id = graph.AddNode(std::move(node), {{"ys", {}}});
  EXPECT_EQ(TypeOf(Infer(module), graph.node(id).results[0]), "seq(f32[3,2])");
}

TEST(TypeInference, ContradictionsInBodiesAreErrors) {
  const LoopModel model = MakeLoop("f32[2,3]", "MatMul", "", "5", true);
  Diagnostics diagnostics;
  const auto types = InferTypes(model.module, nullptr, diagnostics);
  EXPECT_THAT(std::string(types.status().message()), HasSubstr("inner dimensions 3 and 2 differ"));
}

TEST(TypeInference, ContradictionsInBodiesThatMayNeverRunAreNone) {
  for (const char* trips : {"", "0", "-1"}) {
    const LoopModel model = MakeLoop("f32[2,3]", "MatMul", "", trips, true);
    const Outcome outcome = Infer(model.module);
    EXPECT_EQ(TypeOf(outcome, model.last), "any[...]") << trips;
    EXPECT_TRUE(outcome.types.untyped_ops.empty()) << "MatMul has a rule";
  }
  // A condition that is an input may be false at once.
  LoopModel model = MakeLoop("f32[2,3]", "MatMul", "", "5", true);
  ir::Graph& graph = model.module.graph;
  const ir::NodeId loop = graph.value(model.last).producer;
  graph.SetOperand(loop, 1, Input(graph, "go", "i1[]"));
  EXPECT_EQ(TypeOf(Infer(model.module), model.last), "any[...]");
}

TEST(TypeInference, ABranchThatCannotRunIsNotTaken) {
  for (const bool first : {true, false}) {
    ir::Module module = EmptyModule();
    ir::Graph& graph = module.graph;
    ir::Node node;
    node.op_type = "If";
    node.operands = {Input(graph, "which", "i1[]")};
    node.captures = {Input(graph, "x", "f32[2,3]")};
    for (const char* branch : {"then_branch", "else_branch"}) {
      ir::Graph body;
      const ir::ValueId x = body.AddCapture("x", {});
      node.attributes[branch].value = ir::RegionIndex{static_cast<int32_t>(node.regions.size())};
      body.SetOutputs(node.regions.empty() == first ? Apply(body, "MatMul", {x, x}, "y")
                                                    : Apply(body, "Transpose", {x}, "y"));
      node.regions.push_back(std::move(body));
    }
    const ir::NodeId id = graph.AddNode(std::move(node), {{"y", {}}});
    const Outcome outcome = Infer(module);
    EXPECT_EQ(TypeOf(outcome, graph.node(id).results[0]), "f32[3,2]");
    EXPECT_TRUE(outcome.types.untyped_ops.empty());
  }
}

TEST(TypeInference, ContradictionsInScansAreErrorsIfThereIsSomethingToScan) {
  for (const bool empty : {true, false}) {
    ir::Module module = EmptyModule();
    ir::Graph& graph = module.graph;
    ir::Node node;
    node.op_type = "Scan";
    node.operands = {Input(graph, "xs", empty ? "f32[N,2,3]" : "f32[4,2,3]")};
    node.attributes["num_scan_inputs"].value = int64_t{1};
    node.attributes["body"].value = ir::RegionIndex{0};
    ir::Graph body;
    const ir::ValueId x = body.AddInput("x", {});
    body.SetOutputs(Apply(body, "MatMul", {x, x}, "xx"));
    node.regions.push_back(std::move(body));
    graph.AddNode(std::move(node), {{"ys", {}}});
    Diagnostics diagnostics;
    EXPECT_EQ(InferTypes(module, nullptr, diagnostics).ok(), empty);
  }
}

// --- functions -----------------------------------------------------------------------------------

// local.Reduce(x) with attribute "keep": ReduceSum over axis 0 with keepdims=keep.
void AddReduceFunction(ir::Module& module) {
  ir::Function function;
  function.domain = "local";
  function.name = "Reduce";
  function.attributes = {"keep"};
  function.opset_imports = {{"", 11}};
  const ir::ValueId x = function.body.AddInput("x", {});
  const ir::ValueId y = Apply(function.body, "ReduceSum", {x}, "y", "axes=[0]")[0];
  function.body.mutable_attributes(function.body.value(y).producer)["keepdims"].value =
      ir::AttributeReference{"keep", 2};
  function.body.SetOutputs({y});
  module.functions.push_back(std::move(function));
}

TEST(TypeInference, FunctionsAreTypedAtEachCall) {
  ir::Module module = EmptyModule();
  AddReduceFunction(module);
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[2,N]");
  const ir::ValueId a = Apply(graph, "Reduce", {x}, "a", "keep=1", 1, "local")[0];
  const ir::ValueId b = Apply(graph, "Reduce", {x}, "b", "keep=0", 1, "local")[0];
  const ir::ValueId c = Apply(graph, "Reduce", {x}, "c", "keep=0", 1, "local")[0];
  const ir::ValueId d = Apply(graph, "Reduce", {a}, "d", "keep=0", 1, "local")[0];
  const Outcome outcome = Infer(module);
  EXPECT_EQ(TypeOf(outcome, a), "f32[1,N]");
  EXPECT_EQ(TypeOf(outcome, b), "f32[N]");
  EXPECT_EQ(TypeOf(outcome, d), "f32[N]");
  const auto body_of = [&](ir::ValueId value) {
    return outcome.types.main().bodies.at(graph.value(value).producer).at(0);
  };
  EXPECT_EQ(body_of(b), body_of(c));  // equal calls share one instance
  EXPECT_NE(body_of(b), body_of(d));
  const GraphTypes& called = outcome.types.graphs[body_of(a)];
  EXPECT_EQ(*ir::FindAttribute<int64_t>(called.arguments, "keep"), 1);
}

TEST(TypeInference, FunctionsThatDoubleAreLinear) {
  // f0 calls f1 twice, f1 calls f2 twice, ...: 2^60 calls written out.
  ir::Module module = EmptyModule();
  constexpr int kDepth = 60;
  for (int i = 0; i < kDepth; ++i) {
    ir::Function function;
    function.domain = "local";
    function.name = absl::StrCat("f", i);
    function.opset_imports = {{"", 17}, {"local", 1}};
    const ir::ValueId x = function.body.AddInput("x", {});
    const bool last = i + 1 == kDepth;
    const std::string callee = last ? "Relu" : absl::StrCat("f", i + 1);
    const ir::ValueId y = Apply(function.body, callee, {x}, "y", "", 1, last ? "" : "local")[0];
    function.body.SetOutputs(Apply(function.body, callee, {y}, "z", "", 1, last ? "" : "local"));
    module.functions.push_back(std::move(function));
  }
  const ir::ValueId x = Input(module.graph, "x", "f32[2]");
  const ir::ValueId y = Apply(module.graph, "f0", {x}, "y", "", 1, "local")[0];
  const Outcome outcome = Infer(module);
  EXPECT_EQ(TypeOf(outcome, y), "f32[2]");
  EXPECT_EQ(outcome.types.graphs.size(), static_cast<size_t>(kDepth) + 1);
}

TEST(TypeInference, NestingThatIsTooDeepStaysUntyped) {
  ir::Module module = EmptyModule();
  const ir::ValueId x = Input(module.graph, "x", "f32[2]");
  ir::Function function;  // calls itself
  function.domain = "local";
  function.name = "Self";
  const ir::ValueId inner = function.body.AddInput("x", {});
  function.body.SetOutputs(Apply(function.body, "Self", {inner}, "y", "", 1, "local"));
  module.functions.push_back(std::move(function));
  const ir::ValueId y = Apply(module.graph, "Self", {x}, "y", "", 1, "local")[0];
  const Outcome outcome = Infer(module);
  EXPECT_EQ(TypeOf(outcome, y), "?");
  ASSERT_EQ(outcome.diagnostics.all().size(), 1u);
  EXPECT_THAT(outcome.diagnostics.all()[0].message, HasSubstr("nest too deep"));
}

// --- sizes for open dimensions -------------------------------------------------------------------

TEST(ConcreteTypes, BindSymbolsAndSayWhichDefaulted) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[N,S,?]");
  const ir::ValueId n = Apply(graph, "Shape", {x}, "n")[0];
  const ir::ValueId y = Apply(graph, "Expand", {Input(graph, "one", "f32[1]"), n}, "y")[0];
  const ir::ValueId z = Apply(graph, "NonZero", {x}, "z")[0];
  DimBindings dims;
  dims.symbols["N"] = 4;
  dims.fallback = 3;
  const ConcreteTypes concrete = InferConcreteTypes(module, nullptr, dims);
  EXPECT_EQ(ConcreteTypeOf(concrete, y), "f32[4,3,3]");
  EXPECT_EQ(ConcreteTypeOf(concrete, z), "i64[3,3]");
  EXPECT_THAT(concrete.defaulted, ElementsAre("S"));
  EXPECT_EQ(concrete.unknown_dims, 2);  // the last of x, the count of z
  EXPECT_EQ(concrete.misfit, "");
}

TEST(ConcreteTypes, WhatFollowsBeatsWhatIsDeclared) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[N,6]");
  const ir::ValueId shape = Integers(module, graph, "shape", "-1,3");
  const ir::ValueId y = Apply(graph, "Reshape", {x, shape}, "y")[0];
  graph.mutable_value(y).type = ParseType("f32[made_up,3]");
  DimBindings dims;
  dims.symbols["N"] = 4;
  const ConcreteTypes concrete = InferConcreteTypes(module, nullptr, dims);
  EXPECT_EQ(ConcreteTypeOf(concrete, y), "f32[8,3]");
  EXPECT_TRUE(concrete.defaulted.empty());
}

TEST(ConcreteTypes, SizesThatDoNotFitAreNotedAndDoNotStop) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  const ir::ValueId x = Input(graph, "x", "f32[N,K]");
  const ir::ValueId w = Input(graph, "w", "f32[8,5]");
  const ir::ValueId y = Apply(graph, "MatMul", {x, w}, "y")[0];
  graph.mutable_value(y).type = ParseType("f32[N,5]");
  const ConcreteTypes concrete = InferConcreteTypes(module, nullptr, {});
  EXPECT_EQ(ConcreteTypeOf(concrete, y), "f32[1,5]");
  EXPECT_THAT(concrete.misfit, HasSubstr("inner dimensions 1 and 8 differ"));
  DimBindings dims;
  dims.symbols["K"] = 8;
  EXPECT_EQ(InferConcreteTypes(module, nullptr, dims).misfit, "");
}

}  // namespace
}  // namespace allot
