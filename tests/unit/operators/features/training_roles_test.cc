// Training graphs as ONNX Runtime writes them, by names, and as others do, by operators.
#include "operators/features/training_roles.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/models/build_graph.h"

namespace allot {
namespace {

using testing::F32;
using testing::ModuleBuilder;

// x -> MatMul -> Relu -> loss, and back, with a step of the optimizer. `named` as ONNX Runtime
// does.
struct TrainingGraph {
  explicit TrainingGraph(bool named) {
    ModuleBuilder b;
    const ir::ValueId x = b.Input("x", F32({4, 8}));
    const ir::ValueId w = b.Input("w", F32({8, 8}));
    const ir::ValueId product = b.Op("MatMul", {x, w}, F32({4, 8}));
    const ir::ValueId active = b.Op("Relu", {product}, F32({4, 8}));
    const ir::ValueId loss = b.Op("ReduceMean", {active}, F32({}));
    const ir::ValueId d_active = b.Op("Expand", {loss}, F32({4, 8}));
    const ir::ValueId d_product =
        b.Op("ReluGrad", {d_active, active}, F32({4, 8}), {}, "com.microsoft");
    const ir::ValueId d_w = b.Op("Gemm", {x, d_product}, F32({8, 8}));
    const ir::ValueId sum = b.Op("InPlaceAccumulatorV2", {b.Input("buffer", F32({8, 8})), d_w},
                                 F32({8, 8}), {}, "com.microsoft");
    const ir::ValueId updated = b.Op("Adam", {b.Input("r", F32({})), b.Input("t", F32({})), w, sum},
                                     F32({8, 8}), {}, "ai.onnx.preview.training");
    if (named) {
      const char* names[] = {"/fc/MatMul",
                             "/Relu",
                             "/ReduceMean",
                             "/ReduceMean_Grad/Expand_5",
                             "/Relu_Grad/ReluGrad_0",
                             "/fc/MatMul_Grad/Gemm_1",
                             "GradientAccumulator1",
                             "step"};
      for (size_t i = 0; i < std::size(names); ++i) {
        b.graph().mutable_node_name(ir::NodeId(i)) = names[i];
      }
    }
    module = std::move(b).Finish({loss, updated});
    roles = FindTrainingRoles(module.graph);
  }

  // "Gemm": "MatMul" if the role is that of the gradient of a MatMul.
  std::string Of(const std::string& op_type) const {
    for (const ir::NodeId id : module.graph.nodes()) {
      if (module.graph.node(id).op_type != op_type) continue;
      const char* role = roles.role[id] == TrainingRole::kForward    ? "forward"
                         : roles.role[id] == TrainingRole::kBackward ? "backward of "
                                                                     : "optimizer of ";
      const ir::NodeId of = roles.forward_of[id];
      return role + (of.valid() ? module.graph.node(of).op_type : "");
    }
    return "none";
  }

  ir::Module module;
  TrainingRoles roles;
};

TEST(TrainingRolesTest, NamesSayWhatAGradientIsOf) {
  const TrainingGraph graph(/*named=*/true);
  EXPECT_TRUE(graph.roles.trains());
  EXPECT_EQ(graph.roles.forward, 3);
  EXPECT_EQ(graph.roles.backward, 4);
  EXPECT_EQ(graph.roles.optimizer, 1);
  EXPECT_EQ(graph.Of("MatMul"), "forward");
  EXPECT_EQ(graph.Of("Expand"), "backward of ReduceMean");
  EXPECT_EQ(graph.Of("ReluGrad"), "backward of Relu");
  EXPECT_EQ(graph.Of("Gemm"), "backward of MatMul");
  EXPECT_EQ(graph.Of("InPlaceAccumulatorV2"), "backward of MatMul");
  EXPECT_EQ(graph.Of("Adam"), "optimizer of MatMul");
}

TEST(TrainingRolesTest, OperatorsSayItWithoutNames) {
  const TrainingGraph graph(/*named=*/false);
  EXPECT_EQ(graph.Of("ReluGrad"), "backward of Relu");
  // What depends on a gradient is backward, too; it shares x with the product.
  EXPECT_EQ(graph.Of("Gemm"), "backward of MatMul");
  EXPECT_EQ(graph.Of("Adam"), "optimizer of MatMul");
}

TEST(TrainingRolesTest, ModelsForInferenceHaveNone) {
  const ir::Module module = testing::SmallCnn();
  EXPECT_FALSE(FindTrainingRoles(module.graph).trains());
}

}  // namespace
}  // namespace allot
