#include "passes/nodes/kernel_costs.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "passes/problem/cluster_problem.h"
#include "support/status.h"
#include "tests/models/build_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::F32;

// Knows all operators on the first device, and on the others all but Softmax.
class KnowsNoSoftmax final : public CostModel {
 public:
  absl::StatusOr<Picos> OpTime(const OpFeatures& op, const Device& device) const override {
    if (op.op_type == "Softmax" && device.name != "d0") return InputError("no table");
    return 1000;
  }
};

TEST(KernelCostsTest, ModelsAreAskedOnlyOfDevicesThatCanRunTheOp) {
  testing::ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({8, 8}));
  const ir::ValueId w = b.Weight("w", {8, 8});
  const ir::ValueId y = b.Op("Softmax", {b.Op("MatMul", {x, w}, F32({8, 8}))}, F32({8, 8}));
  const ir::Module module = std::move(b).Finish({y});
  const KnowsNoSoftmax model;
  const auto build = [&](const Target& target) {
    testing::Planning planning(module, target);
    planning.context.cost_model = &model;
    EXPECT_TRUE(planning.Run("infer-shapes,estimate-cost,coarsen{fuse=false}").ok());
    return BuildClusterProblem(planning.module, planning.plan, planning.context);
  };
  Target target = testing::SlowTarget(2);
  EXPECT_EQ(build(target).status().message(), "cost of node 'Softmax_1' (Softmax) on " +
                                                  target.devices[DeviceId(1)].name + ": no table");
  target.devices[DeviceId(1)].unsupported_ops = {"Softmax"};
  const absl::StatusOr<BuiltProblem> built = build(target);
  ASSERT_TRUE(built.ok()) << built.status();
  EXPECT_EQ(built->problem.items[ItemId(1)].time[DeviceId(0)], 1000);
  EXPECT_EQ(built->problem.items[ItemId(1)].time[DeviceId(1)], std::nullopt);
}

}  // namespace
}  // namespace allot
