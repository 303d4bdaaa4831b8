// What travels costs every problem the same as copies made by hand.
#include "passes/nodes/travellers.h"

#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "operators/features/constant_work.h"
#include "passes/problem/cluster_problem.h"
#include "tests/models/build_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::Attr;
using testing::F32;
using ::testing::HasSubstr;
using testing::Int64Constant;
using testing::ModuleBuilder;
using testing::Planning;
using testing::Tensor;

constexpr char kClusters[] = "infer-shapes,estimate-cost,coarsen";

ir::Constant Int8Constant(const std::vector<int64_t>& dims) {
  ir::Constant constant;
  constant.element = ir::ElementType::kInt8;
  constant.dims = dims;
  size_t count = 1;
  for (const int64_t dim : dims) count *= static_cast<size_t>(dim);
  constant.storage = ir::InlineBytes{std::make_shared<const std::string>(count, '\1')};
  return constant;
}

// ids -> Gather(table) -> Softmax -> MatMul(Transpose(table)), with the table dequantized once, or
// by a node for each user.
ir::Module TiedTable(bool copied_by_hand) {
  ModuleBuilder b;
  const ir::ValueId ids = b.Input("ids", Tensor(ir::ElementType::kInt64, {4}));
  const ir::ValueId table = b.Initializer("table", Int8Constant({32, 16}));
  const ir::ValueId scale = b.Weight("scale", {});
  const auto dequantized = [&] { return b.Op("DequantizeLinear", {table, scale}, F32({32, 16})); };
  const ir::ValueId first = dequantized();
  const ir::ValueId second = copied_by_hand ? dequantized() : first;
  const ir::ValueId rows = b.Op("Gather", {first, ids}, F32({4, 16}));
  const ir::ValueId soft = b.Op("Softmax", {rows}, F32({4, 16}));
  const ir::ValueId y = b.Op("Gemm", {soft, second}, F32({4, 32}), {{"transB", Attr(int64_t{1})}});
  return std::move(b).Finish({y});
}

BuiltProblem Build(Planning& planning) {
  const absl::Status ran = planning.Run(kClusters);
  EXPECT_TRUE(ran.ok()) << ran;
  absl::StatusOr<BuiltProblem> built =
      BuildClusterProblem(planning.module, planning.plan, planning.context);
  EXPECT_TRUE(built.ok()) << built.status();
  return built.ok() ? *std::move(built) : BuiltProblem();
}

TEST(TravellersTest, EachUserPaysAsForACopyOfItsOwn) {
  Planning shared(TiedTable(false), testing::SlowTarget(2));
  Planning copied(TiedTable(true), testing::SlowTarget(2));
  const BuiltProblem one = Build(shared), two = Build(copied);
  EXPECT_FALSE(shared.plan.cluster_of[shared.NodesOf("DequantizeLinear")[0]].valid());
  ASSERT_EQ(one.problem.items.size(), 3u);
  ASSERT_EQ(two.problem.items.size(), 3u);
  for (const ItemId item : one.problem.items.ids()) {
    EXPECT_EQ(one.problem.items[item].time, two.problem.items[item].time) << item.index();
  }
  ASSERT_EQ(one.problem.flows.size(), 2u);
  for (const FlowId flow : one.problem.flows.ids()) {
    EXPECT_EQ(one.problem.flows[flow].from, two.problem.flows[flow].from);
    EXPECT_EQ(one.problem.flows[flow].bytes, two.problem.flows[flow].bytes);
  }
}

TEST(TravellersTest, KernelsAndClustersAgree) {
  Planning planning(TiedTable(false), testing::SlowTarget(2));
  Build(planning);
  // All in one cluster: it costs what its kernels cost.
  for (ir::ClusterId& cluster : planning.plan.cluster_of) {
    if (cluster.valid()) cluster = ir::ClusterId(0);
  }
  const BuiltProblem whole = *BuildClusterProblem(planning.module, planning.plan, planning.context);
  const BuiltProblem kernels =
      *BuildKernelProblem(planning.module, planning.plan, planning.context);
  ASSERT_EQ(whole.problem.items.size(), 1u);
  for (const DeviceId device : planning.target.devices.ids()) {
    Picos sum = 0;
    for (const PlacementProblem::Item& item : kernels.problem.items) sum += *item.time[device];
    EXPECT_EQ(sum, whole.problem.items[ItemId(0)].time[device]);
  }
}

TEST(TravellersTest, ConstantsAndResultsAreThereWhereverTheyAreUsed) {
  Planning planning(TiedTable(false), testing::SlowTarget(2));
  const BuiltProblem built = Build(planning);
  const ItemId gather(planning.plan.cluster_of[planning.NodesOf("Gather")[0]].index());
  const ItemId product(planning.plan.cluster_of[planning.NodesOf("Gemm")[0]].index());
  ASSERT_EQ(built.problem.shared.size(), 1u);
  EXPECT_THAT(built.problem.shared[0].items, ::testing::ElementsAre(gather, product));
  // The table in 8 bits and its scale, and the table in 32 bits.
  EXPECT_EQ(built.problem.shared[0].bytes, 32 * 16 + 4 + 32 * 16 * 4);
}

// A table of angles that two nodes use.
ir::Module Angles(int64_t length) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({2, length}));
  const ir::ValueId range = b.Op(
      "Range",
      {b.Initializer("start", Int64Constant({0})), b.Initializer("end", Int64Constant({length})),
       b.Initializer("step", Int64Constant({1}))},
      Tensor(ir::ElementType::kInt64, {length}));
  const ir::ValueId cast = b.Op("Cast", {range}, F32({length}), {{"to", Attr(int64_t{1})}});
  const ir::ValueId angles = b.Op("Cos", {cast}, F32({length}));
  const ir::ValueId sum = b.Op("Add", {x, angles}, F32({2, length}));
  const ir::ValueId soft = b.Op("Softmax", {sum}, F32({2, length}));
  return std::move(b).Finish({b.Op("Mul", {soft, angles}, F32({2, length}))});
}

TEST(TravellersTest, WhatARuntimeFoldsCostsNothingButItsResult) {
  Planning planning(Angles(1 << 12), testing::SlowTarget(2));
  ASSERT_TRUE(planning.Run("estimate-cost,coarsen{fuse=false}").ok());
  const BuiltProblem built = *BuildClusterProblem(planning.module, planning.plan, planning.context);
  ASSERT_EQ(built.problem.items.size(), 3u);
  for (const char* op : {"Range", "Cast", "Cos"}) {
    const OpFeatures& features = planning.plan.features[planning.NodesOf(op)[0]];
    EXPECT_EQ(features.family, OpFamily::kNone) << op;
    EXPECT_EQ(features.flops + features.read + features.written + features.weights, 0) << op;
  }
  Bytes resident = 0;
  for (const PlacementProblem::SharedMemory& shared : built.problem.shared) {
    resident += shared.bytes;
  }
  EXPECT_EQ(resident, 3 * 8 + (1 << 14));  // what is folded on the way is gone
}

TEST(TravellersTest, WhatFollowsDequantizationIsComputedAtEveryInference) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({4, 16}));
  const ir::ValueId w =
      b.Op("DequantizeLinear", {b.Initializer("table", Int8Constant({16, 16})), b.Weight("s", {})},
           F32({16, 16}));
  const ir::ValueId turned = b.Op("Transpose", {w}, F32({16, 16}));
  const ir::ValueId y =
      b.Op("MatMul", {b.Op("MatMul", {x, turned}, F32({4, 16})), turned}, F32({4, 16}));
  Planning planning(std::move(b).Finish({y}), testing::SlowTarget(2));
  const ConstantWork work = FindConstantWork(planning.module);
  const ir::NodeId transpose = planning.NodesOf("Transpose")[0];
  EXPECT_TRUE(work.constant[transpose]);
  EXPECT_FALSE(work.folded[transpose]);
  const BuiltProblem built = Build(planning);
  EXPECT_FALSE(planning.plan.cluster_of[transpose].valid());
  EXPECT_GT(planning.plan.features[transpose].written, 0);
  // Both products pay for both nodes.
  const OpFeatures& product = planning.plan.features[planning.NodesOf("MatMul")[0]];
  const Device& device = planning.target.devices[DeviceId(0)];
  Picos expected = *planning.context.cost_model->OpTime(product, device);
  for (const char* op : {"DequantizeLinear", "Transpose"}) {
    expected += *planning.context.cost_model->OpTime(
        planning.plan.features[planning.NodesOf(op)[0]], device);
  }
  for (const PlacementProblem::Item& item : built.problem.items) {
    EXPECT_EQ(item.time[DeviceId(0)], expected);
  }
}

TEST(TravellersTest, OverridableConstantsAreNotFolded) {
  ModuleBuilder b;
  const ir::ConstantId fallback = b.pool().Add(testing::FloatConstant({4}));
  const ir::ValueId bias = b.graph().AddInput("bias", F32({4}), fallback);
  const ir::ValueId x = b.Input("x", F32({4}));
  const ir::ValueId a = b.Op("Cos", {bias}, F32({4}));
  const ir::ValueId of_input = b.Op("Cos", {x}, F32({4}));
  const ir::ValueId y = b.Op("Add", {b.Op("Mul", {of_input, a}, F32({4})), a}, F32({4}));
  Planning planning(std::move(b).Finish({y}));
  const ConstantWork work = FindConstantWork(planning.module);
  const std::vector<ir::NodeId> cosines = planning.NodesOf("Cos");
  EXPECT_TRUE(work.constant[cosines[0]]);
  EXPECT_FALSE(work.folded[cosines[0]]);
  EXPECT_FALSE(work.constant[cosines[1]]);
}

TEST(TravellersTest, RulesThatCameLaterAreNoticed) {
  Planning planning(TiedTable(false), testing::SlowTarget(2));
  ASSERT_TRUE(planning.Run(kClusters).ok());
  planning.AddRule(Rule::Effect::kForbid, "", "DequantizeLinear", "d0");
  const absl::Status status =
      BuildClusterProblem(planning.module, planning.plan, planning.context).status();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("travels with its user 'Gather_1', but cannot be on d0: forbidden by "
                        "rules[0]; run coarsen again"));
}

TEST(TravellersTest, NothingThatTravelsCrosses) {
  Planning planning(TiedTable(false), testing::SlowTarget(2));
  planning.AddRule(Rule::Effect::kPin, "", "Gather", "d0");
  planning.AddRule(Rule::Effect::kPin, "", "Gemm", "d1");
  const absl::Status status = planning.Run("place-default");
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_TRUE(planning.plan.summary.has_value());
  EXPECT_EQ(planning.plan.summary->cut_bytes, 4 * 16 * 4);
  EXPECT_LE(planning.plan.summary->lower_bound, planning.plan.summary->value);
  Diagnostics diagnostics;
  EXPECT_TRUE(
      ir::VerifyPlan(planning.module.graph, planning.target, planning.plan, diagnostics).ok());
}

}  // namespace
}  // namespace allot
