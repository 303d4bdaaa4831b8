#include "placement/problem/problem.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "placement/value/evaluate.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const ItemId kA(0), kB(1), kC(2), kD(3);

// a feeds b and c, both feed d.
PlacementProblem Diamond() {
  PlacementProblem problem;
  problem.devices.Add({"d0", 1000, 3});
  problem.devices.Add({"d1", 1000, 4});
  problem.num_channels = 1;
  problem.routes.resize(2);
  for (auto& row : problem.routes) {
    row.resize(2, Route{{{2, kPicosPerSecond}}, {ChannelId(0)}});
  }
  for (const char* name : {"a", "b", "c", "d"}) {
    PlacementProblem::Item item;
    item.name = name;
    item.memory = 5;
    item.time.Add(10);
    item.time.Add(20);
    problem.items.Add(item);
  }
  problem.flows.Add({kA, {kB, kC}, 100, {}});
  problem.flows.Add({kB, {kD}, 10, {}});
  problem.flows.Add({kC, {kD}, 20, {}});
  return problem;
}

std::string Complaint(const PlacementProblem& problem) {
  return std::string(Check(problem).message());
}

TEST(Check, AcceptsWhatHolds) { EXPECT_TRUE(Check(Diamond()).ok()) << Check(Diamond()); }

TEST(Check, NamesWhatIsWrong) {
  PlacementProblem problem = Diamond();
  problem.items[kB].time[DeviceId(1)] = -1;
  EXPECT_THAT(Complaint(problem), HasSubstr("item 1 'b': the time on device 1 is negative"));

  problem = Diamond();
  for (std::optional<Picos>& time : problem.items[kC].time) time.reset();
  EXPECT_THAT(Complaint(problem), HasSubstr("item 2 'c': no device can run it"));

  problem = Diamond();
  problem.items[kC].time = {};
  EXPECT_THAT(Complaint(problem), HasSubstr("has times for 0 devices"));

  problem = Diamond();
  problem.flows.Add({kD, {kA}, 1, {}});
  EXPECT_THAT(Complaint(problem), HasSubstr("cycle"));

  problem = Diamond();
  problem.flows.Add({kD, {kD}, 1, {}});
  EXPECT_THAT(Complaint(problem), HasSubstr("item 3 'd' feeds itself"));

  problem = Diamond();
  problem.flows[FlowId(0)].to = {kC, kB};
  EXPECT_THAT(Complaint(problem), HasSubstr("flow 0: its consumers do not ascend"));

  problem = Diamond();
  problem.flows[FlowId(0)].to = {ItemId(9)};
  EXPECT_THAT(Complaint(problem), HasSubstr("consumer 9 does not exist"));

  problem = Diamond();
  problem.flows[FlowId(0)].bytes = -1;
  EXPECT_THAT(Complaint(problem), HasSubstr("bytes are negative"));

  problem = Diamond();
  problem.routes[DeviceId(0)][DeviceId(1)]->segments[0].bandwidth = 0;
  EXPECT_THAT(Complaint(problem), HasSubstr("route 0 -> 1: bandwidth must be positive"));

  problem = Diamond();
  problem.routes[DeviceId(0)][DeviceId(1)]->channels = {ChannelId(1)};
  EXPECT_THAT(Complaint(problem), HasSubstr("channels must ascend"));

  problem = Diamond();
  problem.routes.resize(1);
  EXPECT_THAT(Complaint(problem), HasSubstr("routes start at 1 devices"));

  problem = Diamond();
  problem.items[kA].memory = -1;
  EXPECT_THAT(Complaint(problem), HasSubstr("memory is negative"));

  problem = Diamond();
  problem.shared.push_back({1, {ItemId(4)}});
  EXPECT_THAT(Complaint(problem), HasSubstr("shared memory 0: item 4 does not exist"));

  problem = Diamond();
  problem.devices = {};
  EXPECT_THAT(Complaint(problem), HasSubstr("no device"));
}

TEST(Check, RefusesSumsThatWouldOverflow) {
  PlacementProblem problem = Diamond();
  for (PlacementProblem::Item& item : problem.items) {
    item.time[DeviceId(0)] = std::numeric_limits<int64_t>::max() / 8;
  }
  EXPECT_THAT(Complaint(problem), HasSubstr("add up"));
  problem = Diamond();
  problem.flows[FlowId(0)].bytes = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(Complaint(problem), HasSubstr("too many bytes"));
}

TEST(Check, GroupsMustAgree) {
  PlacementProblem problem = Diamond();
  problem.items[kA].time[DeviceId(0)].reset();
  problem.items[kC].time[DeviceId(1)].reset();
  problem.together = {{kA, kB}};
  EXPECT_TRUE(Check(problem).ok());
  problem.together = {{kA, kB}, {kB, kC}};  // overlapping groups are one
  EXPECT_THAT(Complaint(problem), HasSubstr("no device can run it together with"));
}

TEST(JoinedGroups, JoinsOverlappingOnes) {
  PlacementProblem problem = Diamond();
  problem.together = {{kC, kD}, {kA}, {kB, kD}};
  EXPECT_THAT(JoinedGroups(problem), ElementsAre(ElementsAre(kB, kC, kD)));
}

TEST(BuildGraph, SmallestIdFirst) {
  PlacementProblem problem = Diamond();
  problem.flows = {};
  problem.flows.Add({kD, {kA, kB}, 1, {}});
  problem.flows.Add({kD, {kB}, 1, {}});
  const ProblemGraph graph = BuildGraph(problem);
  EXPECT_THAT(graph.topological, ElementsAre(kC, kD, kA, kB));
  EXPECT_THAT(graph.successors[kD], ElementsAre(kA, kB));
  EXPECT_THAT(graph.predecessors[kB], ElementsAre(kD));
  EXPECT_THAT(graph.inputs[kB], ElementsAre(FlowId(0), FlowId(1)));
}

TEST(TransferTime, PrefersMeasuredTimes) {
  PlacementProblem problem = Diamond();
  EXPECT_EQ(problem.TransferTime(FlowId(0), DeviceId(0), DeviceId(1)), 102);
  EXPECT_EQ(problem.TransferTime(FlowId(0), DeviceId(1), DeviceId(1)), 0);
  problem.flows[FlowId(0)].time.resize(2);
  for (auto& row : problem.flows[FlowId(0)].time) row.resize(2, 7);
  EXPECT_EQ(problem.TransferTime(FlowId(0), DeviceId(0), DeviceId(1)), 7);
  problem.routes[DeviceId(0)][DeviceId(1)].reset();
  EXPECT_EQ(problem.TransferTime(FlowId(1), DeviceId(0), DeviceId(1)), std::nullopt);
}

TEST(Channels, NoneWithoutContention) {
  PlacementProblem problem = Diamond();
  EXPECT_EQ(problem.Channels(DeviceId(0), DeviceId(1)).size(), 1u);
  EXPECT_EQ(problem.Channels(DeviceId(0), DeviceId(0)).size(), 0u);
  problem.communication = Communication::kDelay;
  EXPECT_EQ(problem.Channels(DeviceId(0), DeviceId(1)).size(), 0u);
}

TEST(Contract, AddsUpAndKeepsWhatLeaves) {
  PlacementProblem problem = Diamond();
  problem.items[kB].workspace = 40;
  problem.items[kC].time[DeviceId(1)].reset();
  problem.shared.push_back({9, {kA, kB, kD}});
  problem.together = {{kA, kB}, {kB, kD}};
  IdVector<ItemId, ItemId> group_of;
  for (const int32_t g : {0, 0, 0, 1}) group_of.Add(ItemId(g));
  const PlacementProblem parts = Contract(problem, group_of, 2, Launch::kPerGroup);
  ASSERT_EQ(parts.items.size(), 2u);
  EXPECT_EQ(parts.items[ItemId(0)].time[DeviceId(0)], 33);
  EXPECT_EQ(parts.items[ItemId(0)].time[DeviceId(1)], std::nullopt);
  EXPECT_EQ(parts.items[ItemId(1)].time[DeviceId(1)], 24);
  EXPECT_EQ(parts.items[ItemId(0)].memory, 15);
  EXPECT_EQ(parts.items[ItemId(0)].name, "a +2");
  // a's tensor lives until c has ended; b's own workspace comes on top.
  EXPECT_EQ(parts.items[ItemId(0)].workspace, 140);
  EXPECT_EQ(parts.items[ItemId(1)].workspace, 0);
  ASSERT_EQ(parts.flows.size(), 2u);
  EXPECT_EQ(parts.flows[FlowId(1)].bytes, 20);
  EXPECT_EQ(parts.devices[DeviceId(0)].part_cost, 0);
  EXPECT_THAT(parts.shared[0].items, ElementsAre(ItemId(0), ItemId(1)));
  EXPECT_THAT(parts.together, ElementsAre(ElementsAre(ItemId(0), ItemId(1))));
  EXPECT_TRUE(Check(parts).ok()) << Check(parts);

  const PlacementProblem groups = Contract(problem, group_of, 2, Launch::kIgnore);
  EXPECT_EQ(groups.items[ItemId(0)].time[DeviceId(0)], 30);
  EXPECT_EQ(groups.devices[DeviceId(0)].part_cost, 3);
}

TEST(Contract, WorkspaceIsThePeakAlongTheGroup) {
  // A chain of tensors 10, 50, 10: never all at once.
  PlacementProblem problem = Diamond();
  problem.flows = {};
  problem.flows.Add({kA, {kB}, 10, {}});
  problem.flows.Add({kB, {kC}, 50, {}});
  problem.flows.Add({kC, {kD}, 15, {}});
  problem.flows.Add({kD, {}, 500, {}});  // a result: leaves the group
  const IdVector<ItemId, ItemId> group_of(4, ItemId(0));
  const PlacementProblem parts = Contract(problem, group_of, 1, Launch::kIgnore);
  EXPECT_EQ(parts.items[ItemId(0)].workspace, 65);
  ASSERT_EQ(parts.flows.size(), 1u);
  EXPECT_EQ(parts.flows[FlowId(0)].bytes, 500);
}

TEST(Contract, SingletonsAreTheProblemItself) {
  PlacementProblem problem = Diamond();
  IdVector<ItemId, ItemId> group_of;
  for (const ItemId item : problem.items.ids()) group_of.Add(item);
  const PlacementProblem same = Contract(problem, group_of, 4, Launch::kIgnore);
  Solution solution;
  for (const int32_t d : {0, 1, 0, 1}) solution.device_of.Add(DeviceId(d));
  solution.order = {kA, kB, kC, kD};
  EXPECT_EQ(Evaluate(problem, BuildGraph(problem), solution).objective,
            Evaluate(same, BuildGraph(same), solution).objective);
}

TEST(Problem, TwentyThousandItemsAreFine) {
  // One hub feeds everything, a chain runs through everything, and everything is one group.
  PlacementProblem problem = Diamond();
  problem.items = {};
  problem.flows = {};
  constexpr int32_t kItems = 20'000;
  PlacementProblem::Item item;
  item.time.resize(2, Picos{10});
  std::vector<ItemId> all;
  for (int32_t i = 0; i < kItems; ++i) {
    all.push_back(problem.items.Add(item));
    if (i > 0) problem.flows.Add({ItemId(i - 1), {ItemId(i)}, 10, {}});
  }
  problem.flows.Add({ItemId(0), std::vector<ItemId>(all.begin() + 1, all.end()), 10, {}});
  problem.shared.push_back({10, all});
  problem.devices[DeviceId(0)].memory = 1'000'000;
  ASSERT_TRUE(Check(problem).ok());
  const ProblemGraph graph = BuildGraph(problem);
  Solution solution{Placement(problem.items.size(), DeviceId(0)), graph.topological};
  for (int32_t i = 0; i < kItems; i += 2) solution.device_of[ItemId(i)] = DeviceId(1);
  // A chain that changes devices every step: 10 of work and 12 of transfer each.
  EXPECT_GE(Evaluate(problem, graph, solution).objective, Picos{22} * (kItems - 1));
  problem.together = {all};
  EXPECT_TRUE(Check(problem).ok());
  EXPECT_EQ(Contract(problem, IdVector<ItemId, ItemId>(kItems, ItemId(0)), 1, Launch::kPerGroup)
                .items[ItemId(0)]
                .time[DeviceId(0)],
            Picos{10} * kItems + 3);
}

}  // namespace
}  // namespace allot
