// Models of which nothing could be placed apart: opened where that helps, and explained where not.
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/models/build_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::F32;
using testing::GraphBuilder;
using ::testing::HasSubstr;
using testing::ModuleBuilder;
using testing::Planning;

ir::ValueId Layers(GraphBuilder& b, ir::ValueId x, int count) {
  for (int i = 0; i < count; ++i) {
    x = b.Op("MatMul", {x, b.Constant(testing::FloatConstant({64, 64}))}, F32({64, 64}));
  }
  return x;
}

// y = custom.Model(x), of four layers.
ir::Module InOneCall(int64_t function_opset = 17) {
  ModuleBuilder b;
  b.Function("custom", "Model", {"v"},
             [](GraphBuilder& body, const std::vector<ir::ValueId>& inputs) {
               return Layers(body, inputs[0], 4);
             });
  b.module().functions[0].opset_imports = {{"", function_opset}};
  const ir::ValueId x = b.Input("x", F32({64, 64}));
  const ir::ValueId y = b.Op("Model", {x}, F32({64, 64}), {}, "custom");
  return std::move(b).Finish({y});
}

// y = If(c) { four layers } else { x }. The condition is an input, or `known`.
ir::Module InOneIf(std::optional<bool> known = std::nullopt) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({64, 64}));
  const ir::ValueId c = known.has_value()
                            ? b.Initializer("use_cache", testing::BoolConstant({*known}))
                            : b.Input("use_cache", testing::Tensor(ir::ElementType::kBool, {1}));
  const ir::ValueId y = b.If(
      c, {x}, F32({64, 64}),
      [](GraphBuilder& body, const std::vector<ir::ValueId>& in) { return Layers(body, in[0], 4); },
      [](GraphBuilder& body, const std::vector<ir::ValueId>& in) {
        return body.Op("Relu", {in[0]}, F32({64, 64}));
      });
  return std::move(b).Finish({y});
}

std::string Warnings(const Planning& planning) {
  std::string text;
  for (const Diagnostic& diagnostic : planning.diagnostics.all()) text += ToString(diagnostic);
  return text;
}

TEST(WholeModelTest, OneCallIsOpened) {
  Planning planning(InOneCall(), testing::SlowTarget(2));
  ASSERT_TRUE(planning.Run("place-default").ok());
  EXPECT_EQ(planning.NodesOf("MatMul").size(), 4u);
  EXPECT_TRUE(planning.module.functions.empty());
  EXPECT_EQ(Warnings(planning), "");
  EXPECT_EQ(planning.module.graph.value(planning.module.graph.outputs()[0]).name, "Model_0_y");
}

TEST(WholeModelTest, CallsThatADeviceNamesStay) {
  Planning planning(InOneCall(), testing::SlowTarget(2));
  planning.target.devices[DeviceId(1)].supported_ops = {"custom:Model"};
  ASSERT_TRUE(planning.Run("place-default").ok());
  EXPECT_EQ(planning.NodesOf("Model").size(), 1u);
  EXPECT_THAT(Warnings(planning),
              HasSubstr("nearly all work is in one node, 'Model_0', a call of the model's function "
                        "'custom.Model', which is placed as a whole"));
  EXPECT_THAT(Warnings(planning), HasSubstr("inline-functions"));
}

TEST(WholeModelTest, FunctionsOfAnotherVersionStay) {
  Planning planning(InOneCall(13), testing::SlowTarget(2));
  ASSERT_TRUE(planning.Run("place-default").ok());
  EXPECT_EQ(planning.NodesOf("Model").size(), 1u);
  EXPECT_THAT(Warnings(planning), HasSubstr("it imports version 13 of domain 'ai.onnx', and the "
                                            "model version 17"));
  EXPECT_THAT(Warnings(planning), HasSubstr("bring function and model to one version of domain "
                                            "'ai.onnx', and it is opened"));
}

TEST(WholeModelTest, CallsOfLayersStayUnlessAsked) {
  for (const bool all : {false, true}) {
    ModuleBuilder b;
    b.Function("custom", "Layer", {"v"},
               [](GraphBuilder& body, const std::vector<ir::ValueId>& inputs) {
                 return Layers(body, inputs[0], 3);
               });
    ir::ValueId x = b.Input("x", F32({64, 64}));
    for (int i = 0; i < 4; ++i) x = b.Op("Layer", {x}, F32({64, 64}), {}, "custom");
    Planning planning(std::move(b).Finish({x}), testing::SlowTarget(2));
    ASSERT_TRUE(planning.Run(all ? "inline-functions" : "inline-functions{needed=true}").ok());
    EXPECT_EQ(planning.NodesOf("Layer").size(), all ? 0u : 4u);
    EXPECT_EQ(planning.NodesOf("MatMul").size(), all ? 12u : 0u);
  }
}

TEST(WholeModelTest, WhatIsInlinedIsLimited) {
  // Functions that call functions twice: 2^40 nodes.
  ModuleBuilder b;
  for (int level = 0; level < 40; ++level) {
    b.Function("custom", "F" + std::to_string(level), {"v"},
               [&](GraphBuilder& body, const std::vector<ir::ValueId>& inputs) {
                 if (level == 0) return body.Op("Relu", {inputs[0]}, F32({2}));
                 const std::string callee = "F" + std::to_string(level - 1);
                 const ir::ValueId first = body.Op(callee, {inputs[0]}, F32({2}), {}, "custom");
                 return body.Op(callee, {first}, F32({2}), {}, "custom");
               });
  }
  const ir::ValueId x = b.Input("x", F32({2}));
  Planning planning(std::move(b).Finish({b.Op("F39", {x}, F32({2}), {}, "custom")}));
  ASSERT_TRUE(planning.Run("inline-functions{max-nodes=1000}").ok());
  EXPECT_LE(planning.module.graph.num_nodes(), 1000u);
  EXPECT_THAT(Warnings(planning), HasSubstr("more than 1000 nodes; some calls stay"));
}

TEST(WholeModelTest, OneIfIsExplainedAndOpenedByAFixedInput) {
  Planning open(InOneIf(), testing::SlowTarget(2));
  ASSERT_TRUE(open.Run("place-default").ok());
  EXPECT_THAT(Warnings(open), HasSubstr("an If, which is placed as a whole: nothing inside it can "
                                        "be on another device; if its condition is always the "
                                        "same, fix it: --set use_cache=true, or =false"));
  for (const bool taken : {true, false}) {
    Planning fixed(InOneIf(), testing::SlowTarget(2));
    ASSERT_TRUE(
        fixed
            .Run(taken ? "place-default{fixed=use_cache=true}" : "place-default{fixed=use_cache=0}")
            .ok());
    EXPECT_EQ(fixed.NodesOf("MatMul").size(), taken ? 4u : 0u);
    EXPECT_EQ(fixed.NodesOf("Relu").size(), taken ? 0u : 1u);
    EXPECT_EQ(fixed.module.graph.inputs().size(), 1u);
    EXPECT_EQ(Warnings(fixed), "");
  }
}

TEST(WholeModelTest, OneIfWhoseConditionIsKnownIsOpened) {
  for (const bool taken : {true, false}) {
    Planning planning(InOneIf(taken), testing::SlowTarget(2));
    ASSERT_TRUE(planning.Run("place-default").ok());
    EXPECT_EQ(planning.NodesOf("MatMul").size(), taken ? 4u : 0u);
    EXPECT_EQ(planning.NodesOf("If").size(), 0u);
    EXPECT_EQ(Warnings(planning), "");
  }
}

TEST(WholeModelTest, ASmallIfStaysUnlessAsked) {
  for (const bool all : {false, true}) {
    ModuleBuilder b;
    ir::ValueId x = Layers(b, b.Input("x", F32({64, 64})), 8);
    const auto relu = [](GraphBuilder& body, const std::vector<ir::ValueId>& in) {
      return body.Op("Relu", {in[0]}, F32({64, 64}));
    };
    x = b.If(b.Initializer("c", testing::BoolConstant({true})), {x}, F32({64, 64}), relu, relu);
    Planning planning(std::move(b).Finish({x}), testing::SlowTarget(2));
    ASSERT_TRUE(planning.Run(all ? "fold-conditions" : "fold-conditions{needed=true}").ok());
    EXPECT_EQ(planning.NodesOf("If").size(), all ? 0u : 1u);
  }
}

// A branch that is taken may hold a call, which holds another If, ...
TEST(WholeModelTest, CallsInTheBranchThatIsTakenAreOpened) {
  ModuleBuilder b;
  b.Function("custom", "Model", {"x"},
             [](GraphBuilder& body, const std::vector<ir::ValueId>& inputs) {
               return Layers(body, inputs[0], 4);
             });
  const ir::ValueId x = b.Input("x", F32({64, 64}));
  const ir::ValueId c = b.Input("use_cache", testing::Tensor(ir::ElementType::kBool, {1}));
  const auto branch = [](const std::string& op, const std::string& domain) {
    return [op, domain](GraphBuilder& body, const std::vector<ir::ValueId>& in) {
      const ir::ValueId known = body.Op("Unheard", {in[0]}, F32({64, 64}), {}, "nowhere");
      return body.Op(op, {known}, F32({64, 64}), {}, domain);
    };
  };
  const ir::ValueId y = b.If(c, {x}, F32({64, 64}), branch("Model", "custom"), branch("Relu", ""));
  Planning planning(std::move(b).Finish({y}), testing::SlowTarget(2));
  ASSERT_TRUE(planning.Run("place-default{fixed=use_cache=true}").ok());
  EXPECT_EQ(planning.NodesOf("MatMul").size(), 4u);
  EXPECT_TRUE(planning.NodesOf("Model").empty());
}

// If > call > If > call > ... > layers, beginning with an If or a call, of conditions that are
// known or all follow from one input.
ir::Module Nested(int depth, bool if_first, bool known) {
  ModuleBuilder b;
  const auto relu = [](GraphBuilder& body, const std::vector<ir::ValueId>& in) {
    return body.Op("Relu", {in[0]}, F32({64, 64}));
  };
  const auto level = [&](GraphBuilder& body, const std::vector<ir::ValueId>& in, int inside,
                         const auto& self) -> ir::ValueId {
    if (inside == 0) return Layers(body, in[0], 4);
    if ((inside % 2 == depth % 2) != if_first) {
      const std::string name = "F" + std::to_string(inside);
      b.Function("custom", name, {"x", "c"},
                 [&](GraphBuilder& function, const std::vector<ir::ValueId>& inputs) {
                   return self(function, inputs, inside - 1, self);
                 });
      return body.Op(name, in, F32({64, 64}), {}, "custom");
    }
    const ir::ValueId condition = known ? body.Constant(testing::BoolConstant({true})) : in[1];
    return body.If(
        condition, in, F32({64, 64}),
        [&](GraphBuilder& branch, const std::vector<ir::ValueId>& captures) {
          return self(branch, captures, inside - 1, self);
        },
        relu);
  };
  const ir::ValueId x = b.Input("x", F32({64, 64}));
  const ir::ValueId c = b.Input("c", testing::Tensor(ir::ElementType::kBool, {1}));
  const ir::ValueId y = level(b, {x, c}, depth, level);
  return std::move(b).Finish({y});
}

TEST(WholeModelTest, CallsInBranchesInCallsAreOpened) {
  for (int depth = 1; depth <= 7; ++depth) {
    for (const bool if_first : {true, false}) {
      for (const bool known : {true, false}) {
        Planning planning(Nested(depth, if_first, known), testing::SlowTarget(2));
        ASSERT_TRUE(planning.Run(known ? "place-default" : "place-default{fixed=c=true}").ok());
        EXPECT_EQ(planning.NodesOf("MatMul").size(), 4u) << depth << if_first << known;
        EXPECT_TRUE(planning.NodesOf("If").empty()) << depth << if_first << known;
        EXPECT_EQ(Warnings(planning), "");
      }
    }
  }
}

TEST(WholeModelTest, WrongFixedInputsAreSaid) {
  const auto error = [](const std::string& values) {
    Planning planning(InOneIf(), testing::SlowTarget(2));
    return std::string(planning.Run("place-default{fixed=" + values + "}").message());
  };
  EXPECT_THAT(error("use_cach=true"),
              HasSubstr("the model has no input 'use_cach'; did you mean 'use_cache'?"));
  EXPECT_THAT(error("use_cache=yes"),
              HasSubstr("input 'use_cache' is a truth value: true or false, not 'yes'"));
  EXPECT_THAT(error("x=1e3;use_cache=2"), HasSubstr("input 'x' has 4096 elements, more than 1024"));
  EXPECT_THAT(error("use_cache"), HasSubstr("expected NAME=VALUE"));
}

// x -> SplitToSequence -> SequenceAt -> Relu.
ir::Module Sequence() {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({64, 64}));
  const ir::ValueId parts = b.Op("SplitToSequence", {x}, ir::Type::Sequence(F32({1, 64})), {});
  const ir::ValueId first =
      b.Op("SequenceAt", {parts, b.Initializer("zero", testing::Int64Constant({0}))}, F32({1, 64}));
  return std::move(b).Finish({first});
}

TEST(WholeModelTest, ValuesThatCannotCrossAreNamedWithTheRemedy) {
  Planning sequence(Sequence(), testing::SlowTarget(2));
  ASSERT_TRUE(sequence.Run("place-default").ok());
  EXPECT_THAT(Warnings(sequence), HasSubstr("is a sequence and cannot cross between files: only "
                                            "tensors can: nodes that pass it on stay on one"));
  Planning pinned(Sequence(), testing::SlowTarget(2));
  pinned.AddRule(Rule::Effect::kPin, "", "SplitToSequence", "d0");
  pinned.AddRule(Rule::Effect::kPin, "", "SequenceAt", "d1");
  EXPECT_THAT(std::string(pinned.Run("place-default").message()),
              HasSubstr("'SplitToSequence_0_y' is a sequence and cannot cross between files"));

  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({64, 64}));
  const ir::ValueId odd =
      b.Op("Odd", {x}, ir::Type::Tensor(ir::ElementType::kFloat, std::nullopt), {}, "com.acme");
  Planning unknown(std::move(b).Finish({b.Op("Relu", {odd}, F32({64, 64}))}),
                   testing::SlowTarget(2));
  ASSERT_TRUE(unknown.Run("place-default").ok());
  EXPECT_THAT(Warnings(unknown), HasSubstr("'Odd_0_y' has no known rank and cannot cross between "
                                           "files: declare its type in the model's value_info"));
}

}  // namespace
}  // namespace allot
