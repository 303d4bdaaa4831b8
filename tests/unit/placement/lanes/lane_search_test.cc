#include "placement/lanes/lane_search.h"

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
