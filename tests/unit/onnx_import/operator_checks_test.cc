// Nodes that ONNX forbids: one warning for all of them, and the model is read all the same.
#include <string>
#include <vector>

#include "gmock/gmock.h"

#include "tests/unit/onnx_import/model_text.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

// A model of these nodes, on an input 'x' and a condition 'c'.
std::string Notes(const std::string& nodes, int opset = 17, const std::string& more = "") {
  const Imported imported = Import(Proto(
      "ir_version: 8 opset_import { version: " + std::to_string(opset) + " } " + more +
      " graph { name: 'g' input { name: 'x' type { tensor_type { elem_type: 1 shape { } } } } "
      "input { name: 'c' type { tensor_type { elem_type: 9 shape { } } } } " +
      nodes + " }"));
  EXPECT_TRUE(imported.module.ok()) << imported.error();
  return imported.notes();
}

std::string Attribute(const std::string& name, const std::string& value) {
  return "attribute { name: '" + name + "' " + value + " } ";
}

TEST(OperatorChecks, SayWhatIsWrong) {
  const struct {
    std::string node, reason;
    int opset = 17;
  } cases[] = {
      {"op_type: 'Conv' name: 'conv' input: 'x' output: 'y'",
       "node 'conv' (Conv, #0): it has 1 input, and Conv takes 2 to 3: ONNX forbids that"},
      {"op_type: 'Conv' input: 'x' input: '' output: 'y'",
       "node (Conv, #0): its input 1 is left out, and Conv needs it"},
      {"op_type: 'Relu' input: 'x' input: 'x' output: 'y'", "it has 2 inputs, and Relu takes 1"},
      {"op_type: 'Relu' output: 'y'", "it has 0 inputs, and Relu takes 1"},
      {"op_type: 'Relu' input: 'x' output: 'y' output: 'z'", "it has 2 outputs, and Relu gives 1"},
      {"op_type: 'Relu' input: 'x'", "it has 0 outputs, and Relu gives 1"},
      {"op_type: 'Concat' output: 'y' " + Attribute("axis", "type: INT i: 0"),
       "it has 0 inputs, and Concat takes at least 1"},
      {"op_type: 'Concat' input: 'x' output: 'y'", "it lacks the attribute 'axis'"},
      {"op_type: 'Softmax' input: 'x' output: 'y' " + Attribute("axis", "type: FLOAT f: 1"),
       "its attribute 'axis' is a number, not an integer"},
      {"op_type: 'Transpose' input: 'x' output: 'y' " + Attribute("perm", "type: INT i: 1"),
       "its attribute 'perm' is an integer, not a list of integers"},
      {"op_type: 'If' input: 'c' output: 'y' " + Attribute("then_branch", "type: INT i: 1"),
       "it lacks the attribute 'else_branch'"},
      {"op_type: 'Relu' input: 'x' output: 'y' " + Attribute("alpha", "type: FLOAT f: 1"),
       "it has an attribute 'alpha', which Relu does not have"},
      // What a version demands, and the next one does not.
      {"op_type: 'ReduceSum' input: 'x' input: 'x' output: 'y'",
       "it has 2 inputs, and ReduceSum takes 1", 11},
      {"op_type: 'Pad' input: 'x' output: 'y'", "it has 1 input, and Pad takes 2 to 3", 17},
      {"op_type: 'CumProd' input: 'x' output: 'y'", "it has 1 input, and CumProd takes 2", 28},
      {"op_type: 'LinearAttention' input: 'x' input: 'x' input: 'x' output: 'y' output: 'z'",
       "it lacks the attribute 'kv_num_heads'", 27},
      {"op_type: 'Adam' domain: 'ai.onnx.preview.training' input: 'x' input: 'x' output: 'y'",
       "it has 2 inputs, and Adam takes at least 3"},
      {"op_type: 'Scaler' domain: 'ai.onnx.ml' output: 'y'", "it has 0 inputs, and Scaler takes 1"},
  };
  for (const auto& one : cases) {
    EXPECT_THAT(Notes("node { " + one.node + " }", one.opset,
                      "opset_import { domain: 'ai.onnx.ml' version: 3 } "
                      "opset_import { domain: 'ai.onnx.preview.training' version: 1 }"),
                HasSubstr(one.reason))
        << one.node;
  }
}

TEST(OperatorChecks, AreSilentWhereNothingIsWrong) {
  const struct {
    std::string node;
    int opset = 17;
  } cases[] = {
      {"op_type: 'Conv' input: 'x' input: 'x' output: 'y'"},
      {"op_type: 'Conv' input: 'x' input: 'x' input: '' output: 'y'"},
      {"op_type: 'ReduceSum' input: 'x' input: 'x' output: 'y'", 13},
      {"op_type: 'Pad' input: 'x' output: 'y' " + Attribute("pads", "type: INTS ints: [0]"), 10},
      {"op_type: 'Concat' input: 'x' output: 'y'", 1},
      // Of IR version 1: the type is that of the field.
      {"op_type: 'Softmax' input: 'x' output: 'y' " + Attribute("axis", "i: 1")},
      // Nobody knows these.
      {"op_type: 'NoSuchOperator' input: 'x' output: 'y'"},
      {"op_type: 'Conv' domain: 'com.acme' input: 'x' output: 'y'"},
      {"op_type: 'Conv' input: 'x' output: 'y'", 1000},
      {"op_type: 'Upsample' input: 'x' output: 'y'", 10},
      {"op_type: 'Relu' input: 'x' output: 'y' " + Attribute("__mark", "type: INT i: 1")},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(Notes("node { " + one.node + " }", one.opset,
                    "opset_import { domain: 'com.acme' version: 1 }"),
              "")
        << one.node;
  }
}

TEST(OperatorChecks, OneWarningForAll) {
  const std::string bad = "op_type: 'Relu' input: 'x' input: 'x' ";
  EXPECT_THAT(Notes("node { name: 'first' " + bad + "output: 'y' } node { name: 'second' " + bad +
                    "output: 'z' } node { " + bad + " output: 'w' }"),
              testing::AllOf(HasSubstr("node 'first'"), HasSubstr("(and 2 more such nodes)"),
                             testing::Not(HasSubstr("second"))));
}

TEST(OperatorChecks, LookIntoBodiesAndFunctions) {
  const std::string bad = "node { name: 'bad' op_type: 'Relu' output: 'r' } ";
  const auto branch = [](const std::string& name, const std::string& nodes) {
    return Attribute(name, "type: GRAPH g { name: 'b' " + nodes + " output { name: 'r' } }");
  };
  EXPECT_THAT(
      Notes("node { name: 'if' op_type: 'If' input: 'c' output: 'y' " + branch("then_branch", bad) +
            branch("else_branch", "node { op_type: 'Relu' input: 'x' output: 'r' } ") + "}"),
      HasSubstr("node 'if' (If, #0): node 'bad' (Relu, #0): it has 0 inputs"));

  const std::string function =
      "opset_import { domain: 'own' version: 1 } functions { name: 'f' domain: 'own' input: 'p' "
      "output: 'r' opset_import { version: 17 } ";
  EXPECT_THAT(Notes("node { op_type: 'f' domain: 'own' input: 'x' output: 'y' }", 17,
                    function + bad + "} "),
              HasSubstr("function 'f': node 'bad' (Relu, #0): it has 0 inputs"));
  // A function has the version of its own, and its attributes may stand for the node's.
  EXPECT_EQ(
      Notes("node { op_type: 'f' domain: 'own' input: 'x' output: 'y' }", 28,
            function + "attribute: 'a' node { op_type: 'Softmax' input: 'p' output: 'r' attribute "
                       "{ name: 'axis' type: INT ref_attr_name: 'a' } } } "),
      "");
  EXPECT_THAT(
      Notes("node { op_type: 'f' domain: 'own' input: 'x' output: 'y' }", 28,
            function + "attribute: 'a' node { op_type: 'Softmax' input: 'p' output: 'r' attribute "
                       "{ name: 'axis' type: INTS ref_attr_name: 'a' } } } "),
      HasSubstr("its attribute 'axis' is a list of integers, not an integer"));
}

TEST(OperatorChecks, FunctionsOfTheModelMayTakeTheNameOfAnOperator) {
  EXPECT_EQ(Notes("node { op_type: 'Conv' input: 'x' output: 'y' }", 17,
                  "functions { name: 'Conv' input: 'p' output: 'r' opset_import { version: 17 } "
                  "node { op_type: 'Relu' input: 'p' output: 'r' } } "),
            "");
}

}  // namespace
}  // namespace allot
