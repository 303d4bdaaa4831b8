// Plans of placements that take turns: stored, scheduled, bounded and explained.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/problem/cluster_problem.h"
#include "placement/lanes/lanes.h"
#include "tests/models/build_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::F32;
using ::testing::HasSubstr;
using testing::ModuleBuilder;
using testing::Planning;
using testing::SlowTarget;

constexpr char kClusters[] = "infer-shapes,estimate-cost,coarsen{fuse=false}";
constexpr char kCopies[] =
    "infer-shapes,estimate-cost,coarsen{fuse=false},place-copies,refine,form-parts,schedule,"
    "explain";

// x -> MatMul with w1 -> Softmax -> MatMul with w2.
ir::Module Sandwich() {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({32, 32}));
  const ir::ValueId a = b.Op("MatMul", {x, b.Weight("w1", {32, 32})}, F32({32, 32}));
  const ir::ValueId s = b.Op("Softmax", {a}, F32({32, 32}));
  return std::move(b).Finish({b.Op("MatMul", {s, b.Weight("w2", {32, 32})}, F32({32, 32}))});
}

TEST(LanesTest, CopiesArePlannedScheduledAndExplained) {
  Planning planning(Sandwich(), SlowTarget(3));
  planning.context.objective = ir::Objective::kThroughput;
  const absl::Status status = planning.Run(kCopies);
  ASSERT_TRUE(status.ok()) << status;
  const ir::Plan& plan = planning.plan;
  // Devices are once, twice and thrice as fast.
  ASSERT_EQ(plan.num_lanes(), 3u);
  EXPECT_EQ(plan.parts[ir::PartId(0)].device, DeviceId(2));
  EXPECT_EQ(plan.lanes[0].parts[ir::PartId(0)].device, DeviceId(1));
  EXPECT_EQ(plan.lanes[1].parts[ir::PartId(0)].device, DeviceId(0));
  EXPECT_GE(plan.share, plan.lanes[0].share);
  EXPECT_GE(plan.lanes[0].share, plan.lanes[1].share);

  const ir::Summary& summary = *plan.summary;
  Picos slowest = 0;
  for (size_t i = 0; i < 3; ++i) {
    const ir::Plan lane = ir::LaneView(plan, i);
    const Picos end = lane.parts[ir::PartId(0)].time.end;
    slowest = std::max(slowest, end);
    // Per inference of the stream, a device carries its share of a copy.
    const DeviceId device = lane.parts[ir::PartId(0)].device;
    const int64_t share = plan.ShareOf(i), cycle = plan.cycle();
    EXPECT_EQ(summary.devices[device].busy, (end * share + cycle - 1) / cycle);
    EXPECT_LE(summary.devices[device].busy, summary.value);
    EXPECT_EQ(summary.devices[device].resident, 2 * 32 * 32 * 4);
    for (const ir::NodeId node : planning.module.graph.nodes()) {
      EXPECT_GT(lane.node_time[node].end, lane.node_time[node].start);
    }
  }
  EXPECT_EQ(summary.latency, slowest);
  EXPECT_EQ(summary.solver, "copies");
  ASSERT_EQ(summary.baselines.size(), 3u);
  EXPECT_EQ(summary.baselines[0].name, "single:d0");
  EXPECT_EQ(summary.baselines[0].value, slowest);
  EXPECT_EQ(summary.bound_name, "steady-state");
  EXPECT_GT(summary.lower_bound, 0);
  EXPECT_LE(summary.lower_bound, summary.value);
  EXPECT_EQ(summary.cut_bytes, 0);
  EXPECT_THAT(plan.reasons[ir::ClusterId(0)],
              HasSubstr("a copy of the model on d2 for " + std::to_string(plan.share) + " of " +
                        std::to_string(plan.cycle()) + " inferences, in turns with 2 other"));
  EXPECT_FALSE(plan.alternatives[ir::ClusterId(0)].has_value());
}

TEST(LanesTest, AreOnlyForStreams) {
  Planning planning(Sandwich(), SlowTarget(2));
  EXPECT_THAT(planning.Run(kCopies).message(), HasSubstr("the objective must be throughput"));
  planning.context.objective = ir::Objective::kThroughput;
  ASSERT_TRUE(planning.Run(kCopies).ok());
  planning.context.objective = ir::Objective::kLatency;
  EXPECT_THAT(planning.Run("schedule").message(), HasSubstr("the objective must be throughput"));
}

TEST(LanesTest, NoCopyWhereNothingHoldsTheModel) {
  Planning planning(Sandwich(), SlowTarget(2));
  planning.context.objective = ir::Objective::kThroughput;
  for (Device& device : planning.target.devices) device.memory = 2 * 32 * 32 * 4;
  EXPECT_THAT(planning.Run(kCopies).message(),
              HasSubstr("no device of target 'slow' can run and hold the whole model"));
}

// A pipeline and its mirror image: what each needs fits, both together only with more memory.
class PipelinesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    planning_.context.objective = ir::Objective::kThroughput;
    ASSERT_TRUE(planning_.Run(kClusters).ok());
    absl::StatusOr<BuiltProblem> built =
        BuildClusterProblem(planning_.module, planning_.plan, planning_.context);
    ASSERT_TRUE(built.ok()) << built.status();
    ASSERT_EQ(built->problem.items.size(), 3u);
    const ProblemGraph graph = BuildGraph(built->problem);
    for (const int first : {0, 1}) {
      Solution solution{Placement(3, DeviceId(1 - first)), graph.topological, {}};
      solution.device_of[ItemId(0)] = DeviceId(first);
      lanes_.lanes.push_back(FormParts(built->problem, graph, solution, 20));
      lanes_.shares.push_back(first + 1);
    }
    score_ = EvaluateLanes(built->problem, lanes_);
    StoreLanes(lanes_, planning_.plan);
  }
  Planning planning_{Sandwich(), SlowTarget(2)};
  Lanes lanes_;
  LanesScore score_;
};

TEST_F(PipelinesTest, ComeBackByShareAndAreWorthWhatTheLanesAre) {
  const ir::Plan& plan = planning_.plan;
  EXPECT_EQ(plan.share, 2);
  EXPECT_EQ(plan.device_of[ir::ClusterId(0)], DeviceId(1));
  const Lanes planned = PlannedLanes(plan);
  ASSERT_EQ(planned.lanes.size(), 2u);
  EXPECT_EQ(planned.shares, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(planned.lanes[1].items, lanes_.lanes[0].items);
  EXPECT_EQ(planned.lanes[1].parts.part_of, lanes_.lanes[0].parts.part_of);

  const absl::Status status = planning_.Run("form-parts,schedule,explain");
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(plan.summary->value, score_.period);
  EXPECT_EQ(plan.summary->latency, score_.slowest);
  EXPECT_EQ(plan.summary->cut_bytes, (score_.moved + 2) / 3);
  EXPECT_EQ(plan.transfers.size(), 1u);
  EXPECT_EQ(plan.lanes[0].transfers.size(), 1u);
  EXPECT_EQ(plan.lanes[0].transfers[0].from, DeviceId(0));
  EXPECT_EQ(plan.cuts.size(), 1u);  // of the first lane
  EXPECT_THAT(plan.reasons[ir::ClusterId(0)],
              HasSubstr("2 parts on d0 and d1 for 2 of 3 inferences, in turns with 2 parts on"));
}

TEST_F(PipelinesTest, HaveToFitTogether) {
  const Bytes both = score_.peak[DeviceId(0)];
  planning_.target.devices[DeviceId(0)].memory = both;
  EXPECT_TRUE(planning_.Run("schedule").ok());
  planning_.target.devices[DeviceId(0)].memory = both - 1;
  EXPECT_THAT(planning_.Run("schedule").message(),
              HasSubstr("the lanes do not fit into memory together: d0 would have to hold"));
}

TEST_F(PipelinesTest, DamageIsNamed) {
  planning_.plan.lanes[0].part_of.resize(2);
  EXPECT_THAT(planning_.Run("schedule").message(),
              HasSubstr("lane 1 has parts for 2 of 3 clusters; run place again"));
}

TEST_F(PipelinesTest, AnotherPlacementTakesTheirPlace) {
  ASSERT_TRUE(planning_.Run("place{solver=greedy replicas=false}").ok());
  EXPECT_TRUE(planning_.plan.lanes.empty());
  EXPECT_EQ(planning_.plan.share, 1);
}

}  // namespace
}  // namespace allot
