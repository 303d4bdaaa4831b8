// Plans that are handed in: found again by name, divided from clusters, and never made worse.
#include "passes/problem/start_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/node_name.h"
#include "tests/models/build_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::F32;
using ::testing::HasSubstr;
using testing::ModuleBuilder;
using testing::Planning;
using testing::SlowTarget;

constexpr char kQuick[] =
    "infer-shapes,estimate-cost,coarsen{fuse=false},place{work=1},refine{work=1 exact=false}";

// A ladder of MatMuls: two columns that exchange their values in each row.
ir::Module Ladder(int rows) {
  ModuleBuilder b;
  ir::ValueId left = b.Input("x", F32({32, 32})), right = left;
  for (int row = 0; row < rows; ++row) {
    const std::string name = std::to_string(row);
    const ir::ValueId l = b.Op("MatMul", {left, b.Weight("l" + name, {32, 32})}, F32({32, 32}));
    const ir::ValueId r = b.Op("MatMul", {right, b.Weight("r" + name, {32, 32})}, F32({32, 32}));
    left = b.Op("Add", {l, r}, F32({32, 32}));
    right = b.Op("Mul", {r, l}, F32({32, 32}));
  }
  return std::move(b).Finish({b.Op("Add", {left, right}, F32({32, 32}))});
}

// The plan as it would be read back.
StartPlan StartOf(const Planning& planning) {
  StartPlan start;
  start.file = "before/plan.json";
  for (size_t lane = 0; lane < planning.plan.num_lanes(); ++lane) {
    const ir::Plan view = ir::LaneView(planning.plan, lane);
    StartPlan::Lane& out = start.lanes.emplace_back();
    out.share = planning.plan.ShareOf(lane);
    for (const ir::Part& part : view.parts) {
      out.devices.push_back(planning.target.devices[part.device].name);
    }
    size_t i = 0;
    for (const ir::NodeId node : planning.module.graph.nodes()) {
      if (lane == 0) {
        start.nodes.push_back({ir::NameOrPlace(planning.module.graph.node(node)), {}});
      }
      start.nodes[i++].part.push_back(view.PartOf(node).index());
    }
  }
  return start;
}

Picos ValueWith(const StartPlan* start, const std::string& pipeline, ir::Objective objective,
                int num_devices, uint64_t seed = 1) {
  Planning planning(Ladder(6), SlowTarget(num_devices));
  planning.context.objective = objective;
  planning.context.start = start;
  planning.context.seed = seed;
  const absl::Status status = planning.Run(pipeline);
  EXPECT_TRUE(status.ok()) << status;
  return status.ok() ? planning.plan.summary->value : 0;
}

TEST(StartPlanTest, IsNeverMadeWorse) {
  for (const ir::Objective objective : {ir::Objective::kLatency, ir::Objective::kThroughput}) {
    Planning good(Ladder(6), SlowTarget(3));
    good.context.objective = objective;
    const absl::Status status = good.Run(
        "infer-shapes,estimate-cost,coarsen{fuse=false},place,refine{work=1000000 exact=false "
        "simplify=0}");
    ASSERT_TRUE(status.ok()) << status;
    const StartPlan start = StartOf(good);
    const Picos value = good.plan.summary->value;
    if (objective == ir::Objective::kLatency) {
      // Else there would be nothing to keep.
      ASSERT_GT(ValueWith(nullptr, kQuick, objective, 3), value);
    }
    for (uint64_t seed = 1; seed <= 4; ++seed) {
      EXPECT_LE(ValueWith(&start, kQuick, objective, 3, seed), value);
    }
    // Also where clusters of today would not fit its parts.
    std::string coarse = kQuick;
    coarse.replace(coarse.find("fuse=false"), 10, "fuse=false max-items=4");
    EXPECT_LE(ValueWith(&start, coarse, objective, 3), value);
  }
}

TEST(StartPlanTest, MovingHasAPrice) {
  // All on d1, though d0 and d2 are there, too.
  Planning whole(Ladder(6), SlowTarget(3));
  ASSERT_TRUE(whole.Run(kQuick).ok());
  StartPlan start = StartOf(whole);
  start.lanes = {{1, {"d1"}}};
  for (StartPlan::Node& node : start.nodes) node.part = {0};
  const auto moved = [&](const std::string& cost) {
    Planning planning(Ladder(6), SlowTarget(3));
    planning.context.start = &start;
    const absl::Status status =
        planning.Run("infer-shapes,estimate-cost,coarsen{fuse=false},place{migration-cost=" + cost +
                     "},refine{work=500000 migration-cost=" + cost + "}");
    EXPECT_TRUE(status.ok()) << status;
    int64_t elsewhere = 0;
    for (const ir::NodeId node : planning.module.graph.nodes()) {
      elsewhere += planning.plan.DeviceOf(node) != DeviceId(1) ? 1 : 0;
    }
    return elsewhere;
  };
  EXPECT_GT(moved("0"), 12);
  EXPECT_GT(moved("0"), moved("2000"));
  // No plan can gain as much as that.
  Planning planning(Ladder(6), SlowTarget(3));
  EXPECT_THAT(planning.Run("infer-shapes,estimate-cost,coarsen,place{migration-cost=1}").message(),
              HasSubstr("migration-cost needs a plan to start from"));
}

TEST(StartPlanTest, WhatItDoesNotKnowGoesWithItsNeighbours) {
  Planning good(Ladder(6), SlowTarget(2));
  ASSERT_TRUE(good.Run(kQuick).ok());
  StartPlan start = StartOf(good);
  // Half of the nodes have other names now, and one device is gone.
  for (size_t i = 0; i < start.nodes.size(); i += 2) start.nodes[i].name += "_old";
  for (StartPlan::Lane& lane : start.lanes) {
    for (std::string& device : lane.devices) device = device == "d0" ? "gone" : device;
  }
  Planning planning(Ladder(6), SlowTarget(2));
  planning.context.start = &start;
  const absl::Status status = planning.Run(kQuick);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(planning.plan.num_lanes(), 1u);
}

TEST(StartPlanTest, NodesOfOneNameAreTakenInTheirOrder) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({4, 4}));
  const ir::ValueId y = b.Op("Relu", {x}, F32({4, 4}));
  const ir::Module module = std::move(b).Finish({b.Op("Relu", {y}, F32({4, 4}))});
  std::vector<ir::NodeId> nodes;
  for (const ir::NodeId node : module.graph.nodes()) nodes.push_back(node);
  ASSERT_EQ(nodes.size(), 2u);
  StartPlan start;
  for (const ir::NodeId node : nodes) {
    start.nodes.push_back(
        {ir::NameOrPlace(module.graph.node(node)), {static_cast<int32_t>(start.nodes.size())}});
  }
  start.nodes.push_back({"unknown", {7}});
  const auto parts = PartsAtStart(start, module.graph);
  EXPECT_EQ(parts[nodes[0]], std::vector<int32_t>{0});
  EXPECT_EQ(parts[nodes[1]], std::vector<int32_t>{1});
}

}  // namespace
}  // namespace allot
