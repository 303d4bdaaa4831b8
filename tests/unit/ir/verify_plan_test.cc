#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/plan.h"
#include "tests/models/build_graph.h"
#include "tests/models/rich_module.h"

namespace allot::ir {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::F32;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ModuleBuilder;

class VerifyPlanTest : public ::testing::Test {
 protected:
  std::vector<std::string> Violations() const {
    Diagnostics diagnostics;
    const absl::Status status = VerifyPlan(module_.graph, target_, plan_, diagnostics);
    std::vector<std::string> messages;
    for (const Diagnostic& diagnostic : diagnostics.all()) {
      messages.push_back(diagnostic.where + ": " + diagnostic.message);
    }
    EXPECT_EQ(status.ok(), messages.empty());
    return messages;
  }
  // Cluster and part 0 on cpu0: Relu_0, Sigmoid_1; 1 on gpu0: Tanh_2, Add_3.
  Module module_ = testing::Diamond();
  Target target_ = testing::TwoDevices();
  Plan plan_ = testing::FullPlan(module_.graph);
};

TEST_F(VerifyPlanTest, GoodPlanPasses) { EXPECT_THAT(Violations(), IsEmpty()); }

TEST_F(VerifyPlanTest, LanesAreJudgedLikePlans) {
  plan_ = testing::FullPlanWithLanes(module_.graph);
  EXPECT_THAT(Violations(), IsEmpty());
  plan_.lanes[1].parts[PartId(1)].time = {0, 10};
  plan_.lanes[1].node_time = plan_.node_time;
  plan_.lanes[0].order = {ClusterId(1), ClusterId(0)};
  for (const std::string& violation : Violations()) {
    EXPECT_THAT(violation,
                AnyOf(HasSubstr("lane 1: is in cluster 1, which is ordered before the one"),
                      HasSubstr("lane 2: is in part 1, which starts before")));
  }
  EXPECT_THAT(Violations(), Contains(HasSubstr("lane 1: ")));
  EXPECT_THAT(Violations(), Contains(HasSubstr("lane 2: ")));
}

TEST_F(VerifyPlanTest, SharesAddUpToACycle) {
  plan_.share = 2;
  EXPECT_THAT(Violations(),
              ElementsAre("plan: its only lane serves 2 inferences of a cycle instead of 1"));
  plan_ = testing::FullPlanWithLanes(module_.graph);
  EXPECT_EQ(plan_.cycle(), 6);
  plan_.lanes[1].share = 3;
  EXPECT_THAT(Violations(), ElementsAre("plan: lane 2 serves more of a cycle than lane 1"));
  plan_.lanes[1].share = 0;
  EXPECT_THAT(Violations(), ElementsAre("plan: lane 2 serves 0 inferences of a cycle"));
  plan_.lanes[1].share = 1;
  plan_.summary->objective = Objective::kLatency;
  EXPECT_THAT(Violations(), ElementsAre("plan: has 3 lanes, but its objective is latency"));
}

TEST_F(VerifyPlanTest, ADeviceHasSoManyPartsOfAllLanes) {
  plan_ = testing::FullPlanWithLanes(module_.graph);
  // gpu0 has cluster 1 for two lanes, which is one part, and everything for the third.
  target_.devices[DeviceId(1)].max_parts = 2;
  EXPECT_THAT(Violations(), IsEmpty());
  target_.devices[DeviceId(1)].max_parts = 1;
  EXPECT_THAT(Violations(), ElementsAre("plan: the lanes have 2 parts on gpu0, which can have 1"));
}

TEST_F(VerifyPlanTest, ALaneIsAPlanOfItsOwn) {
  plan_ = testing::FullPlanWithLanes(module_.graph);
  const Plan copy = LaneView(plan_, 1);
  EXPECT_EQ(copy.device_of[ClusterId(0)], DeviceId(1));
  EXPECT_EQ(copy.num_lanes(), 1u);
  EXPECT_EQ(DescribeLane(plan_, 1, target_), "a copy of the model on gpu0");
  EXPECT_EQ(DescribeLane(plan_, 2, target_), "2 parts on cpu0 and gpu0");
  Plan first = LaneView(plan_, 0);
  EXPECT_EQ(first.share, 1);
  first.share = plan_.share;
  first.lanes = plan_.lanes;
  EXPECT_EQ(first, plan_);
}

TEST_F(VerifyPlanTest, UnplacedNode) {
  plan_.cluster_of[NodeId(2)] = ClusterId();
  EXPECT_THAT(Violations(),
              ElementsAre("'onnx.Tanh' op \"Tanh_2\"(\"test.onnx\":2:0): is not placed"));
}

TEST_F(VerifyPlanTest, TravellersNeedNoPlaceIfAPartHasThem) {
  ModuleBuilder m;
  const ValueId constant = m.Constant(testing::FloatConstant({2}));
  const ValueId unused = m.Constant(testing::FloatConstant({2}, 2));
  const ValueId angles = m.Op("Cos", {constant}, F32({2}));
  const ValueId y = m.Op("Relu", {angles}, F32({2}));
  module_ = std::move(m).Finish({y, constant, angles});
  plan_ = Plan();
  plan_.cluster_of.resize(3);
  plan_.cluster_of.Add(ClusterId(0));
  plan_.device_of.Add(DeviceId(1));
  plan_.part_of.Add(PartId(0));
  plan_.parts.Add({DeviceId(1), {}});
  EXPECT_THAT(Violations(), IsEmpty());
  module_.graph.SetOutputs({y, unused});
  EXPECT_THAT(Violations(),
              ElementsAre(HasSubstr("gives an output of the model but is in no part")));
}

TEST_F(VerifyPlanTest, WhatNeedsAnotherPartMayNotTravel) {
  // Node 1 reads node 0, which is placed; node 0 itself reads an input only.
  plan_.cluster_of[NodeId(1)] = ClusterId();
  EXPECT_THAT(Violations(), ElementsAre(HasSubstr("is not placed")));
}

TEST_F(VerifyPlanTest, RandomNumbersMayNotTravel) {
  ModuleBuilder m;
  const ir::NodeId noise = m.Node("RandomNormal", {}, {F32({2})});
  const ValueId y = m.Op("Relu", {m.graph().node(noise).results[0]}, F32({2}));
  module_ = std::move(m).Finish({y});
  plan_ = Plan();
  plan_.cluster_of.Add(ClusterId());
  plan_.cluster_of.Add(ClusterId(0));
  plan_.device_of.Add(DeviceId(1));
  plan_.part_of.Add(PartId(0));
  plan_.parts.Add({DeviceId(1), {}});
  EXPECT_THAT(Violations(), ElementsAre(HasSubstr("is not placed")));
}

TEST_F(VerifyPlanTest, TablesOfTheWrongSize) {
  plan_.device_of.Add(DeviceId(0));
  plan_.node_time.resize(1);
  EXPECT_THAT(Violations(), ElementsAre("plan: device_of has 3 entries instead of 2",
                                        "plan: node_time has 1 entries instead of 4"));
}

TEST_F(VerifyPlanTest, PartsHoldOneDevice) {
  plan_.device_of[ClusterId(1)] = DeviceId(0);
  EXPECT_THAT(Violations(), ElementsAre("plan: cluster 1 is on cpu0, but its part 1 is not"));
  plan_.device_of[ClusterId(1)] = DeviceId(7);
  plan_.part_of[ClusterId(0)] = PartId();
  EXPECT_THAT(Violations(),
              ElementsAre("plan: cluster 0 is in no part", "plan: cluster 1 is on no device",
                          "plan: part 0 has no clusters"));
}

TEST_F(VerifyPlanTest, NoMoreThanADeviceMayHave) {
  target_.devices[DeviceId(0)].max_parts = 1;
  target_.devices[DeviceId(1)].max_parts = 2;
  EXPECT_THAT(Violations(), IsEmpty());
  plan_.cluster_of[NodeId(1)] = ClusterId(2);
  plan_.device_of.Add(DeviceId(0));
  plan_.part_of.Add(PartId(2));
  plan_.parts.Add({DeviceId(0), {}});
  plan_.module_of.clear();
  plan_.order.clear();
  plan_.reasons.clear();
  plan_.alternatives.clear();
  EXPECT_THAT(Violations(), ::testing::Contains("plan: 2 parts are on cpu0, which can have 1"));
}

TEST_F(VerifyPlanTest, PartsInWrongOrder) {
  std::swap(plan_.part_of[ClusterId(0)], plan_.part_of[ClusterId(1)]);
  std::swap(plan_.parts[PartId(0)], plan_.parts[PartId(1)]);
  plan_.cuts.clear();
  EXPECT_THAT(Violations(),
              ElementsAre("'onnx.Tanh' op \"Tanh_2\"(\"test.onnx\":2:0): is in part 0 but needs "
                          "'Relu_0_y' of part 1, which runs later",
                          "'onnx.Add' op \"Add_3\"(\"test.onnx\":3:0): is in part 0 but needs "
                          "'Sigmoid_1_y' of part 1, which runs later"));
}

TEST_F(VerifyPlanTest, CyclicParts) {
  // Relu and Add in one part, what lies between them in the other.
  plan_.cluster_of[NodeId(1)] = ClusterId(1);
  plan_.cluster_of[NodeId(3)] = ClusterId(0);
  plan_.order.clear();
  plan_.kernel_of.clear();
  const std::vector<std::string> violations = Violations();
  EXPECT_THAT(violations, ::testing::Contains("plan: parts need each other in a cycle; it holds up "
                                              "parts 0, 1"));
}

TEST_F(VerifyPlanTest, OnlyRankedTensorsCross) {
  Value& value = module_.graph.mutable_value(module_.graph.node(NodeId(1)).results[0]);
  value.type = Type::Tensor(ElementType::kFloat, std::nullopt);
  EXPECT_THAT(
      Violations(),
      ElementsAre("'onnx.Add' op \"Add_3\"(\"test.onnx\":3:0): needs 'Sigmoid_1_y' of another "
                  "part, but only tensors of known rank can cross between files"));
}

TEST_F(VerifyPlanTest, NoRoute) {
  target_.routes[DeviceId(0)][DeviceId(1)].reset();
  const std::vector<std::string> violations = Violations();
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_THAT(violations[0], HasSubstr("needs 'Relu_0_y' on gpu0, to which there is no route from "
                                       "cpu0"));
}

TEST_F(VerifyPlanTest, OrderOfClusters) {
  plan_.order = {ClusterId(1), ClusterId(0)};
  EXPECT_EQ(Violations().size(), 2u);
  plan_.order = {ClusterId(0), ClusterId(0)};
  EXPECT_THAT(Violations(), ElementsAre("plan: order names cluster 0 twice"));
  plan_.order = {ClusterId(0), ClusterId(5)};
  EXPECT_THAT(Violations(), ElementsAre("plan: order names cluster 5, which does not exist"));
}

TEST_F(VerifyPlanTest, KernelsStayTogether) {
  plan_.kernel_of[NodeId(2)] = plan_.kernel_of[NodeId(1)];
  EXPECT_THAT(Violations(),
              ElementsAre("'onnx.Tanh' op \"Tanh_2\"(\"test.onnx\":2:0): is in kernel "
                          "1, part of which is elsewhere"));
  plan_.kernel_of[NodeId(2)] = KernelId(2'000'000'000);
  EXPECT_THAT(Violations(), ElementsAre(HasSubstr("kernel beyond the number of nodes")));
}

TEST_F(VerifyPlanTest, CutsAreWhatCrosses) {
  ASSERT_FALSE(plan_.cuts.empty());
  const std::vector<Cut> cuts = plan_.cuts;
  plan_.cuts.push_back(cuts[0]);
  EXPECT_THAT(Violations(), ElementsAre("plan: cuts are not what crosses between parts"));
  plan_.cuts = cuts;
  plan_.cuts[0].cause = CutCause::kCycle;
  EXPECT_THAT(Violations(), ElementsAre(HasSubstr("makes no sense")));
  plan_.cuts = cuts;
  plan_.cuts[0].from = PartId(1);
  EXPECT_THAT(Violations(), ElementsAre(HasSubstr("makes no sense")));
  plan_.cuts[0].from = PartId(9);
  EXPECT_THAT(Violations(), ElementsAre("plan: a cut names a value or part that does not exist"));
  plan_.cuts.clear();
  EXPECT_THAT(Violations(), IsEmpty());
}

TEST_F(VerifyPlanTest, AlternativesAreElsewhere) {
  ASSERT_TRUE(plan_.alternatives[ClusterId(0)].has_value());
  plan_.alternatives[ClusterId(0)]->device = plan_.device_of[ClusterId(0)];
  EXPECT_THAT(Violations(), ElementsAre(HasSubstr("none that it could move to")));
}

TEST_F(VerifyPlanTest, Times) {
  plan_.parts[PartId(1)].time = {100, 50};
  plan_.node_time[NodeId(3)] = {5, 4};
  plan_.transfers[0].to = DeviceId(9);
  const std::vector<std::string> violations = Violations();
  EXPECT_THAT(violations,
              ElementsAre(HasSubstr("which starts before 'Relu_0_y' of part 0 is there"),
                          HasSubstr("which starts before 'Sigmoid_1_y' of part 0 is there"),
                          "'onnx.Add' op \"Add_3\"(\"test.onnx\":3:0): ends before it starts",
                          "plan: part 1 ends before it starts",
                          "plan: a transfer names a value or device that does not exist"));
}

}  // namespace
}  // namespace allot::ir
