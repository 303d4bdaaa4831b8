// Evaluation of partly known tensors: what is known of the elements of a result.
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "operators/inference/type_inference.h"
#include "operators/rules/partial_value.h"
#include "tests/unit/operators/type_text.h"

namespace allot {
namespace {

using testing::AddOp;
using testing::EmptyModule;
using testing::PrintType;

struct Case {
  std::string op;
  std::string attributes;
  std::vector<std::string> operands;
  std::string elements;  // "2,N,?"; unknown and negative elements are "?"
  int64_t opset = 17;
};

// Elements become visible as the dimensions that ConstantOfShape makes of them; results of other
// ranks and types are flattened and cast first.
std::string ElementsOf(const Case& one) {
  ir::Module module = EmptyModule(one.opset);
  ir::Graph& graph = module.graph;
  const auto result_of = [&](ir::NodeId node) { return graph.node(node).results[0]; };
  ir::ValueId value = result_of(AddOp(module, graph, one.op, one.attributes, one.operands));
  for (const auto& [op, attributes, second] :
       {std::tuple("Cast", "to=7", ""), std::tuple("Reshape", "", "i64=-1"),
        std::tuple("ConstantOfShape", "", "")}) {
    const ir::NodeId node = AddOp(module, graph, op, attributes, {});
    ir::Node copy = graph.node(node);
    copy.operands = {value};
    if (*second != '\0') {
      copy.operands.push_back(testing::AddOperand(module, graph, second));
    }
    value = result_of(graph.AddNode(copy, {{absl::StrCat("made", node.index()), {}}}));
  }
  Diagnostics diagnostics;
  const absl::StatusOr<InferredTypes> types = InferTypes(module, nullptr, diagnostics);
  if (!types.ok()) return std::string(types.status().message());
  const std::string text = PrintType(types->main().types[value]);
  return text.substr(4, text.size() - 5);  // of "f32[...]"
}

void Check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    SCOPED_TRACE(one.op + " {" + one.attributes + "} (" + absl::StrJoin(one.operands, "; ") + ")");
    EXPECT_EQ(ElementsOf(one), one.elements);
  }
}

TEST(ValueRules, Sources) {
  Check({
      {"Identity", "", {"i64=1,2,3"}, "1,2,3"},
      {"Identity", "", {"i32=1,2"}, "1,2"},
      {"Constant", "value_ints=[4,5]", {}, "4,5"},
      {"Constant", "value_int=4", {}, "4"},
      {"Constant", "value_float=4.75", {}, "4"},
      {"Shape", "", {"f32[N,3,?]"}, "N,3,?"},
      {"Shape", "start=1", {"f32[N,3,?]"}, "3,?"},
      {"Shape", "start=-3 end=-1", {"f32[N,3,?]"}, "N,3"},
      {"Size", "", {"f32[4,3]"}, "12"},
      {"Size", "", {"f32[1,N]"}, "N"},
      {"Size", "", {"f32[2,N]"}, "?"},
      {"Size", "", {"f32[0,?]"}, "0"},
      {"ConstantOfShape", "", {"i64=3"}, "0,0,0"},
      {"Range", "", {"i64:3", "i64:10", "i64:3"}, "3,6,9"},
      {"Range", "", {"i64:3", "i64:-4", "i64:-3"}, "3,0,?"},
      {"NonZero", "", {"i64=0,4,0,1"}, "1,3"},
  });
}

TEST(ValueRules, Arithmetic) {
  Check({
      {"Add", "", {"shape:N,3,?", "i64=0,4,1"}, "N,7,?"},
      {"Add", "", {"i64=5", "shape:N,3,0"}, "?,8,5"},
      {"Sub", "", {"shape:N,7", "i64=0,3"}, "N,4"},
      {"Sub", "", {"i64=2,7", "i64=3,3"}, "?,4"},
      {"Mul", "", {"shape:N,7,?,?", "i64=1,3,0,2"}, "N,21,0,?"},
      {"Div", "", {"shape:N,7,?", "i64=1,2,2"}, "N,3,?"},
      {"Div", "", {"i64=7,8", "i64=0,2"}, "?,4"},
      // Negative quotients round differently from runtime to runtime.
      {"Sub", "", {"i64=9,9", "i64=0,1"}, "9,8"},
      {"Mod", "", {"i64=7,-7", "i64=3,3"}, "1,2"},
      {"Mod", "fmod=1", {"i64=7,8", "i64=-3,3"}, "1,2"},
      {"Pow", "", {"i64=3,2", "i64=2,10"}, "9,1024"},
      {"Pow", "", {"i64=10", "i64=18"}, "?"},
      {"Min", "", {"i64=3,9", "i64=5,5"}, "3,5"},
      {"Max", "", {"i64=3,9", "i64=5,5", "i64=7,7"}, "7,9"},
      {"Max", "", {"shape:N,M", "i64=0,2"}, "N,?"},
      {"Min", "", {"shape:N,M", "i64=0,2"}, "0,?"},
      {"Neg", "", {"i64=-3,-4"}, "3,4"},
      {"Abs", "", {"i64=-3,4"}, "3,4"},
      {"Abs", "", {"shape:N"}, "N"},
      {"Relu", "", {"i64=-3,4"}, "0,4"},
      {"Sign", "", {"i64=9,0"}, "1,0"},
      {"Clip", "", {"i64=1,5,9", "i64:2", "i64:6"}, "2,5,6"},
      {"Clip", "", {"i64=1,5,9", "", "i64:6"}, "1,5,6"},
  });
}

TEST(ValueRules, OverflowIsUnknown) {
  Check({
      {"Mul", "", {"i64=4611686018427387904", "i64=4"}, "?"},
      {"Add", "", {"i64=9223372036854775807", "i64=1"}, "?"},
      {"Mul", "", {"i32=65536", "i32=65536"}, "?"},
      {"Cast", "to=6", {"i64=4294967296"}, "?"},
      {"Cast", "to=3", {"i64=127,128"}, "127,?"},
      {"Div", "", {"i64=-9223372036854775808", "i64=-1"}, "?"},
      {"Neg", "", {"i64=-9223372036854775808"}, "?"},
  });
}

TEST(ValueRules, RealNumbers) {
  Check({
      {"Floor", "", {"f32=2.75,3"}, "2,3"},
      {"Ceil", "", {"f32=2.25,3"}, "3,3"},
      {"Round", "", {"f32=2.5,3.5,2.6"}, "2,4,3"},
      {"Sqrt", "", {"f32=16,2.25"}, "4,1"},
      {"Mul", "", {"f32=2.5,0.5", "f32=4,4"}, "10,2"},
      {"Div", "", {"f32=7,1", "f32=2,0.25"}, "3,4"},
      // In single precision 0.7f is 0.699999988: times 10 it rounds to 7, in double it does not.
      {"Mul", "", {"f32=0.7", "f32=10"}, "7"},
      {"Reciprocal", "", {"f32=0.25"}, "4"},
      {"Cast", "to=1", {"i64=3,4"}, "3,4"},
      {"ReduceMax", "", {"f32=1,7,2"}, "7"},
      // The order of a floating point sum is the runtime's business.
      {"ReduceSum", "", {"f32=1,7,2"}, "?"},
  });
}

TEST(ValueRules, Logic) {
  Check({
      {"Equal", "", {"i64=1,2", "i64=1,3"}, "1,0"},
      {"Equal", "", {"shape:N,N,?", "i64=-1,4,4"}, "0,?,?"},
      {"Less", "", {"i64=1,2", "i64=2,2"}, "1,0"},
      {"Less", "", {"shape:N,N", "i64=0,-5"}, "0,0"},
      {"Less", "", {"shape:N", "i64=1"}, "?"},
      {"GreaterOrEqual", "", {"shape:N,N", "i64=0,1"}, "1,?"},
      {"LessOrEqual", "", {"i64=1,2,3", "i64=2,2,2"}, "1,1,0"},
      {"Not", "", {"i1=1,0"}, "0,1"},
      {"And", "", {"i1=1,0,1", "i1=1,1,0"}, "1,0,0"},
      {"And", "", {"i1[2]", "i1=0,1"}, "0,?"},
      {"Or", "", {"i1[2]", "i1=0,1"}, "?,1"},
      {"Xor", "", {"i1=1,1", "i1=0,1"}, "1,0"},
      {"Where", "", {"i1=1,0", "shape:N,M", "i64=5,6"}, "N,6"},
      {"Where", "", {"i1[2]", "i64=5,6", "i64=5,7"}, "5,?"},
      {"Where", "", {"i1=0,1,0", "i64:9", "i64[3]"}, "?,9,?"},
  });
}

TEST(ValueRules, Movement) {
  Check({
      {"Concat", "axis=0", {"shape:N,3", "i64[1]", "i64=7"}, "N,3,?,7"},
      {"Gather", "", {"shape:N,3,4", "i64=2,-3"}, "4,N"},
      {"Gather", "", {"shape:N,3,4", "i64:1"}, "3"},
      {"Gather", "", {"shape:N,3,4", "i64=5"}, "?"},
      {"GatherElements", "", {"i64=5,6,7", "i64=2,0"}, "7,5"},
      {"Slice", "", {"shape:N,3,4,5", "i64=1", "i64=3"}, "3,4"},
      {"Slice",
       "",
       {"shape:N,3,4,5", "i64=-1", "i64=-9223372036854775808", "i64=0", "i64=-2"},
       "5,3"},
      {"Slice", "starts=[1] ends=[9]", {"shape:N,3,4"}, "3,4", 9},
      {"Squeeze", "", {"i64=5"}, "5"},
      {"Unsqueeze", "", {"shape:N,3", "i64=0"}, "N,3"},
      {"Reshape", "", {"shape:N,3", "i64=2,1"}, "N,3"},
      {"Flatten", "", {"shape:N,3"}, "N,3"},
      {"Expand", "", {"i64:5", "i64=3"}, "5,5,5"},
      {"Tile", "", {"shape:N,3", "i64=2"}, "N,3,N,3"},
      {"Pad", "", {"i64=5,6", "i64=1,2", "i64:9"}, "9,5,6,9,9"},
      {"Pad", "", {"i64=5,6", "i64=-1,0"}, "6"},
      {"Split", "", {"shape:N,3", "i64=2"}, "N,3"},
      {"Cast", "to=6", {"shape:N,3"}, "N,3"},
      {"CastLike", "", {"shape:N,3", "i32[]"}, "N,3"},
      {"ScatterElements", "", {"shape:N,3,4", "i64=1", "i64=9"}, "N,9,4"},
      {"ScatterElements", "", {"i64=1,2,3", "i64[1]", "i64=9"}, "?,?,?"},
      {"ScatterElements", "reduction='add'", {"i64=1,2,3", "i64=1", "i64=9"}, "?,?,?", 16},
  });
}

TEST(ValueRules, Reductions) {
  Check({
      {"ReduceProd", "", {"shape:2,3,4"}, "24"},
      {"ReduceProd", "keepdims=0", {"shape:1,N,1"}, "N"},
      {"ReduceProd", "", {"shape:2,N"}, "?"},
      {"ReduceSum", "", {"i64=1,2,3", "i64=0"}, "6"},
      {"ReduceMax", "", {"i64=1,5,3"}, "5"},
      {"ReduceMin", "", {"i64=4,2,3"}, "2"},
      {"CumSum", "", {"i64=1,2,3", "i64:0"}, "1,3,6"},
      {"CumSum", "exclusive=1", {"i64=1,2,3", "i64:0"}, "0,1,3"},
      {"CumSum", "reverse=1", {"i64=1,2,3", "i64:0"}, "6,5,3"},
      {"CumSum", "reverse=1 exclusive=1", {"i64=1,2,3", "i64:0"}, "5,3,0"},
  });
}

// Two dimensions, where rows and columns could be mixed up.
TEST(ValueRules, KeepRowsAndColumnsApart) {
  ir::Module module = EmptyModule();
  ir::Graph& graph = module.graph;
  // x = [[1, 2, 3], [4, 5, 6]]
  const ir::ValueId x =
      graph.node(AddOp(module, graph, "Reshape", "", {"i64=1,2,3,4,5,6", "i64=2,3"})).results[0];
  const auto apply = [&](const std::string& op, const std::string& attributes,
                         const std::vector<std::string>& more) {
    ir::Node node = graph.node(AddOp(module, graph, op, attributes, more));
    node.operands.insert(node.operands.begin(), x);
    const ir::NodeId id =
        graph.AddNode(node, {{absl::StrCat("applied", graph.node_id_bound()), {}}});
    return graph.node(id).results[0];
  };
  const std::vector<std::pair<ir::ValueId, std::vector<int64_t>>> expected = {
      {apply("Transpose", "", {}), {1, 4, 2, 5, 3, 6}},
      {apply("Gather", "axis=1", {"i64=2,0"}), {3, 1, 6, 4}},
      {apply("Gather", "axis=0", {"i64:1"}), {4, 5, 6}},
      {apply("Slice", "", {"i64=1", "i64=3", "i64=1"}), {2, 3, 5, 6}},
      {apply("ReduceSum", "keepdims=0", {"i64=0"}), {5, 7, 9}},
      {apply("ReduceProd", "axes=[1]", {}), {6, 120}},
      {apply("Tile", "", {"i64=1,2"}), {1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6}},
      {apply("Expand", "", {"i64=2,2,3"}), {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6}},
      {apply("Add", "", {"i64=10,20,30"}), {11, 22, 33, 14, 25, 36}},
      {apply("CumSum", "", {"i64:1"}), {1, 3, 6, 4, 9, 15}},
      {apply("CumSum", "", {"i64:0"}), {1, 2, 3, 5, 7, 9}},
      {apply("Pad", "", {"i64=0,1,1,0"}), {0, 1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0}},
  };
  Diagnostics diagnostics;
  const absl::StatusOr<InferredTypes> types = InferTypes(module, nullptr, diagnostics);
  ASSERT_TRUE(types.ok()) << types.status();
  for (const auto& [value, elements] : expected) {
    SCOPED_TRACE(graph.node(graph.value(value).producer).op_type);
    const auto found = types->main().integers.find(value);
    ASSERT_NE(found, types->main().integers.end());
    EXPECT_EQ(found->second.elements, elements);
  }
}

TEST(ValueRules, SplitGivesEachPartItsElements) {
  ir::Module module = EmptyModule();
  const ir::NodeId node =
      AddOp(module, module.graph, "Split", "", {"i64=5,6,7", "i64=1,2"}, /*num_results=*/2);
  Diagnostics diagnostics;
  const absl::StatusOr<InferredTypes> types = InferTypes(module, nullptr, diagnostics);
  ASSERT_TRUE(types.ok()) << types.status();
  const std::vector<ir::ValueId>& parts = module.graph.node(node).results;
  EXPECT_EQ(types->main().integers.at(parts[0]).elements, (std::vector<int64_t>{5}));
  EXPECT_EQ(types->main().integers.at(parts[1]).elements, (std::vector<int64_t>{6, 7}));
}

// Large tensors are left alone, whatever computes them.
TEST(ValueRules, TrackSmallTensorsOnly) {
  for (const int64_t count : {kMaxTrackedElements, kMaxTrackedElements + 1}) {
    ir::Module module = EmptyModule();
    const ir::NodeId node =
        AddOp(module, module.graph, "Range", "", {"i64:0", absl::StrCat("i64:", count), "i64:1"});
    Diagnostics diagnostics;
    const absl::StatusOr<InferredTypes> types = InferTypes(module, nullptr, diagnostics);
    ASSERT_TRUE(types.ok()) << types.status();
    const ir::ValueId result = module.graph.node(node).results[0];
    EXPECT_EQ(PrintType(types->main().types[result]), absl::StrCat("i64[", count, "]"));
    EXPECT_EQ(types->main().integers.count(result), count <= kMaxTrackedElements ? 1u : 0u);
  }
}

}  // namespace
}  // namespace allot
