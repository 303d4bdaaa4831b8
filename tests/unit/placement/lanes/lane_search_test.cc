#include "placement/lanes/lane_search.h"

#include <numeric>

#include "gtest/gtest.h"

#include "placement/lanes/steady_state.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomLoadOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;

// `count` equal devices without links, and a chain of three items that a device runs in 30.
PlacementProblem Equals(int count) {
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  for (int d = 0; d < count; ++d) problem.devices.Add({"d" + std::to_string(d), 100, 3});
  for (int i = 0; i < 3; ++i) {
    PlacementProblem::Item item;
    item.name = "i" + std::to_string(i);
    item.memory = 10;
    item.time.resize(static_cast<size_t>(count), Picos{10});
    problem.items.Add(std::move(item));
  }
  problem.flows.Add({ItemId(0), {ItemId(1)}, 1, {}});
  problem.flows.Add({ItemId(1), {ItemId(2)}, 1, {}});
  return problem;
}

TEST(LaneSearchTest, EqualDevicesWithoutLinksTakeTurnsWithCopies) {
  const PlacementProblem problem = Equals(4);
  const LaneSearchResult found = SearchLanes(problem, BuildGraph(problem), {}, {});
  EXPECT_EQ(found.lanes.lanes.size(), 4);
  EXPECT_EQ(found.score.num_parts, 4);
  EXPECT_EQ(found.score.period, 9);  // 33 / 4, rounded up
  EXPECT_EQ(found.best, 9);
  EXPECT_TRUE(VerifyLanes(problem, found.lanes, 9).ok());
}

TEST(LaneSearchTest, GroupsOfDevicesTakeTurnsWithRanges) {
  PlacementProblem problem = Equals(4);
  problem.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(
      4, IdVector<DeviceId, std::optional<Route>>(4, Route{{{1, kPicosPerSecond}}, {}}));
  // None holds all three items, two hold them, and four twice.
  for (PlacementProblem::MachineDevice& device : problem.devices) device.memory = 25;
  const LaneSearchResult found = SearchLanes(problem, BuildGraph(problem), {}, {});
  EXPECT_EQ(found.lanes.lanes.size(), 2);
  EXPECT_EQ(found.score.num_parts, 4);
  EXPECT_EQ(found.score.period, 12);  // 23 / 2, rounded up
  EXPECT_TRUE(VerifyLanes(problem, found.lanes, 12).ok());
}

// Two pairs of devices, each of which holds the chain only together; the second is a hair slower.
PlacementProblem TwoPairs() {
  PlacementProblem problem = Equals(4);
  problem.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(
      4, IdVector<DeviceId, std::optional<Route>>(4));
  for (const DeviceId from : problem.devices.ids()) {
    problem.routes[from][DeviceId(from.index() ^ 1)] = Route{{{1, kPicosPerSecond}}, {}};
  }
  for (PlacementProblem::MachineDevice& device : problem.devices) {
    device.memory = 25;
    device.part_cost = 0;
  }
  for (PlacementProblem::Item& item : problem.items) {
    for (const DeviceId d : problem.devices.ids()) item.time[d] = d.index() < 2 ? 1000 : 1007;
  }
  return problem;
}

TEST(LaneSearchTest, ShortCyclesArePreferredWithinATenthOfThePriceOfParts) {
  const PlacementProblem problem = TwoPairs();
  LaneSearchOptions options;
  const LaneSearchResult least = SearchLanes(problem, BuildGraph(problem), {}, options);
  EXPECT_GT(std::accumulate(least.lanes.shares.begin(), least.lanes.shares.end(), int64_t{0}), 2);
  options.part_price = 50;
  const LaneSearchResult simple = SearchLanes(problem, BuildGraph(problem), {}, options);
  EXPECT_EQ(simple.lanes.shares, (std::vector<int64_t>{1, 1}));
  EXPECT_EQ(simple.score.period, 1007);
  EXPECT_LT(least.score.period, simple.score.period);
}

TEST(LaneSearchTest, WhatIsKnownOfOneGroupServesAllThatComputeAsFast) {
  PlacementProblem problem = Equals(4);
  // Links differ, so that no two devices may be exchanged; pairs are near each other.
  problem.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(
      4, IdVector<DeviceId, std::optional<Route>>(4));
  for (const DeviceId from : problem.devices.ids()) {
    for (const DeviceId to : problem.devices.ids()) {
      const int64_t far = from.index() / 2 != to.index() / 2 ? 1000 : 1;
      problem.routes[from][to] = Route{{{far + from.index(), kPicosPerSecond}}, {}};
    }
  }
  for (PlacementProblem::MachineDevice& device : problem.devices) device.memory = 25;
  const ProblemGraph graph = BuildGraph(problem);
  PartedSolution pair{{Placement(3, DeviceId(0)), graph.topological},
                      {IdVector<ItemId, ItemId>(3, ItemId(0)), 2},
                      {}};
  pair.items.device_of[ItemId(2)] = DeviceId(1);
  pair.parts.part_of[ItemId(2)] = ItemId(1);
  pair.score = EvaluateParts(problem, pair.items, pair.parts);
  ASSERT_TRUE(pair.score.feasible);
  LaneSearchOptions options;
  options.work = 1;  // what is known, and its images, only
  options.part_price = 50;
  const LaneSearchResult found = SearchLanes(problem, graph, {pair}, options);
  EXPECT_EQ(found.lanes.lanes.size(), 2);
  EXPECT_EQ(found.score.period, (pair.score.objective + 1) / 2);
}

TEST(LaneSearchTest, LittleWorkIsEnoughForCopies) {
  const PlacementProblem problem = Equals(4);
  LaneSearchOptions options;
  const LaneSearchResult whole = SearchLanes(problem, BuildGraph(problem), {}, options);
  options.work = 1;
  const LaneSearchResult found = SearchLanes(problem, BuildGraph(problem), {}, options);
  EXPECT_EQ(found.score.period, 9);
  EXPECT_LT(found.work, whole.work / 2);
}

TEST(LaneSearchTest, LanesThatAreSlowLeaveOut) {
  PlacementProblem problem = Equals(2);
  for (PlacementProblem::Item& item : problem.items) item.time[DeviceId(1)] = 20;
  // The second takes one inference in three, of 63.
  LaneSearchOptions options;
  LaneSearchResult found = SearchLanes(problem, BuildGraph(problem), {}, options);
  EXPECT_EQ(found.lanes.lanes.size(), 2);
  EXPECT_EQ(found.score.slowest, 63);
  options.latency_limit = 50;
  found = SearchLanes(problem, BuildGraph(problem), {}, options);
  EXPECT_EQ(found.lanes.lanes.size(), 1);
  EXPECT_EQ(found.score.slowest, 33);
  options.latency_limit = 20;
  EXPECT_TRUE(SearchLanes(problem, BuildGraph(problem), {}, options).lanes.lanes.empty());
}

TEST(LaneSearchTest, PartsHaveAPriceAndALimit) {
  const PlacementProblem problem = Equals(4);
  LaneSearchOptions options;
  options.part_price = 1'000'000;  // nothing is worth a second part,
  EXPECT_EQ(SearchLanes(problem, BuildGraph(problem), {}, options).score.num_parts, 4);
  options.slack_permille = 10'000;  // if it may be so much slower than copies
  EXPECT_EQ(SearchLanes(problem, BuildGraph(problem), {}, options).score.num_parts, 1);
  options.part_price = 0;
  options.max_parts = 3;
  EXPECT_EQ(SearchLanes(problem, BuildGraph(problem), {}, options).score.num_parts, 3);
  options.single = true;
  EXPECT_EQ(SearchLanes(problem, BuildGraph(problem), {}, options).lanes.lanes.size(), 1);
}

TEST(LaneSearchTest, AnswersHoldAreNoWorseThanCopiesAndNoBetterThanTheBound) {
  int several = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    RandomProblemOptions options = RandomLoadOptions(seed, 7);
    options.contiguous = options.training = false;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const LaneSearchResult found = SearchLanes(problem, graph, {}, {});
    const Lanes copies = CopiesOf(problem, graph);
    if (found.lanes.lanes.empty()) {
      EXPECT_TRUE(copies.lanes.empty());
      continue;
    }
    EXPECT_TRUE(found.score.feasible);
    const absl::Status holds = VerifyLanes(problem, found.lanes, found.score.period);
    EXPECT_TRUE(holds.ok()) << holds;
    EXPECT_EQ(found.best, found.score.period);
    EXPECT_GE(found.score.period, BoundSteadyState(problem, 100'000, Launch::kPerGroup));
    several += found.lanes.lanes.size() > 1 ? 1 : 0;
    const LaneSearchResult again = SearchLanes(problem, graph, {}, {});
    EXPECT_EQ(again.lanes.shares, found.lanes.shares);
    if (copies.lanes.empty()) continue;
    // Shares are those of a floating-point program, so a picosecond or two may be lost on cycles.
    const Picos by_copies = CombineScores(problem, copies).period;
    EXPECT_LE(found.score.period, by_copies + by_copies / 50 + 1);
  }
  EXPECT_GT(several, 30);
}

}  // namespace
}  // namespace allot
