// Filled chains against balanced ones, which try all sets of devices, and on machines too large for
// these.
#include "placement/parts/filled_chains.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "placement/problem/device_symmetry.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

// Equal items without flows, so that every cut is free.
PlacementProblem Row(size_t items, const std::vector<Picos>& times, Picos launch, Bytes memory) {
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  for (size_t d = 0; d < times.size(); ++d) {
    Machine::MachineDevice device;
    device.name = "d" + std::to_string(d);
    device.memory = memory;
    device.part_cost = launch;
    problem.devices.Add(std::move(device));
  }
  for (size_t i = 0; i < items; ++i) {
    PlacementProblem::Item item;
    item.memory = 1;
    for (const Picos time : times) item.time.Add(time);
    problem.items.Add(std::move(item));
  }
  return problem;
}

IdVector<DeviceId, bool> All(const PlacementProblem& problem) {
  return IdVector<DeviceId, bool>(problem.devices.size(), true);
}

std::vector<int64_t> Counts(const std::vector<DeviceId>& chain, size_t devices) {
  std::vector<int64_t> counts(devices, 0);
  for (const DeviceId d : chain) ++counts[static_cast<size_t>(d.index())];
  return counts;
}

TEST(FilledChainTest, FillsDevicesByTheirSpeed) {
  // Four that take 10 and four that take 20: six items a period of the fast, three of the slow.
  const PlacementProblem problem = Row(36, {10, 10, 10, 10, 20, 20, 20, 20}, 0, 1000);
  const ProblemGraph graph = BuildGraph(problem);
  const OrderedCuts cuts(problem, graph, graph.topological);
  EXPECT_EQ(Counts(FilledChain(problem, cuts, All(problem)), 8),
            (std::vector<int64_t>{6, 6, 6, 6, 3, 3, 3, 3}));
}

TEST(FilledChainTest, KeepsMemory) {
  const PlacementProblem problem = Row(20, {10, 10, 10, 10}, 0, 5);
  const ProblemGraph graph = BuildGraph(problem);
  const OrderedCuts cuts(problem, graph, graph.topological);
  EXPECT_EQ(Counts(FilledChain(problem, cuts, All(problem)), 4),
            (std::vector<int64_t>{5, 5, 5, 5}));
  const PlacementProblem more = Row(21, {10, 10, 10, 10}, 0, 5);
  const ProblemGraph more_graph = BuildGraph(more);
  const OrderedCuts more_cuts(more, more_graph, more_graph.topological);
  EXPECT_TRUE(FilledChain(more, more_cuts, All(more)).empty());
}

TEST(FilledChainTest, FillsMemoriesOfTheFastestFirst) {
  const PlacementProblem problem = Row(12, {30, 10, 20, 10}, 0, 5);
  const ProblemGraph graph = BuildGraph(problem);
  const OrderedCuts cuts(problem, graph, graph.topological);
  EXPECT_EQ(Counts(ChainByMemory(problem, cuts, All(problem)), 4),
            (std::vector<int64_t>{0, 5, 2, 5}));
}

TEST(FilledChainTest, LeavesOutWhatBringsLittle) {
  const PlacementProblem problem = Row(100, {10, 10, 100'000}, 0, 1000);
  const ProblemGraph graph = BuildGraph(problem);
  const OrderedCuts cuts(problem, graph, graph.topological);
  EXPECT_EQ(Counts(FilledChain(problem, cuts, All(problem)), 3), (std::vector<int64_t>{50, 50, 0}));
}

// Where both apply the other is the optimum of chains: the filled one is none that is better, and a
// chain with one part per device.
TEST(FilledChainTest, IsAChainAndNoBetterThanTheBest) {
  int chains = 0;
  double excess = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    testing::RandomProblemOptions options = testing::RandomOptions(seed, 10);
    options.objective = PlacementObjective::kThroughput;
    const PlacementProblem problem = testing::RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const OrderedCuts cuts(problem, graph, graph.topological);
    const std::vector<int32_t> like = DeviceClasses(problem);
    const std::vector<DeviceId> chain = FilledChain(problem, cuts, All(problem));
    if (chain.empty()) continue;
    ASSERT_EQ(chain.size(), cuts.size());
    size_t ranges = 1;
    for (size_t i = 1; i < chain.size(); ++i) ranges += chain[i] != chain[i - 1] ? 1 : 0;
    EXPECT_EQ(std::set<DeviceId>(chain.begin(), chain.end()).size(), ranges) << seed;
    for (size_t i = 0; i < chain.size(); ++i) {
      EXPECT_TRUE(problem.items[graph.topological[i]].time[chain[i]].has_value()) << seed;
    }
    const std::vector<DeviceId> best =
        cuts.BalancedChain(like, All(problem), OrderedCuts::kMostDeviceSets);
    const PartedSolution filled = cuts.Parts(chain), balanced = cuts.Parts(best);
    if (!filled.score.feasible || !balanced.score.feasible) continue;
    if (balanced.score.objective == 0) continue;
    ++chains;
    excess +=
        static_cast<double>(filled.score.objective) / static_cast<double>(balanced.score.objective);
  }
  EXPECT_GT(chains, 60);
  EXPECT_LT(excess / chains, 1.25);
}

TEST(BalancedRangesTest, AddsAFilledChainWhereSetsAreTooMany) {
  const PlacementProblem few = Row(12, {10, 10, 10}, 0, 1000);
  const ProblemGraph few_graph = BuildGraph(few);
  const OrderedCuts few_cuts(few, few_graph, few_graph.topological);
  EXPECT_EQ(BalancedRanges(few, few_cuts, DeviceClasses(few), All(few)).size(), 1u);
  // Of ten unlike devices seven can be tried in all sets; all ten are filled.
  const PlacementProblem many = Row(300, {10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, 0, 1000);
  const ProblemGraph many_graph = BuildGraph(many);
  const OrderedCuts many_cuts(many, many_graph, many_graph.topological);
  const auto chains = BalancedRanges(many, many_cuts, DeviceClasses(many), All(many));
  ASSERT_EQ(chains.size(), 2u);
  const std::vector<int64_t> counts = Counts(chains[1], 10);
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0), 0);
  EXPECT_LT(many_cuts.Parts(chains[1]).score.objective, many_cuts.Parts(chains[0]).score.objective);
}

}  // namespace
}  // namespace allot
