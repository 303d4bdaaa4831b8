// Bounds are held against optima found by trying everything: no bound may ever exceed one, at item
// level or at part level.
#include "placement/proofs/lower_bounds.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "gtest/gtest.h"

#include "placement/bounds/load_bound.h"
#include "placement/bounds/part_bounds.h"
#include "placement/bounds/path_bounds.h"
#include "placement/exact/brute_force_parts.h"
#include "placement/problem/allowed_times.h"
#include "placement/proofs/interval_chain.h"
#include "placement/proofs/region_bound.h"
#include "placement/proofs/trial_bound.h"
#include "tests/unit/placement/exact/exhaustive.h"

namespace allot {
namespace {

// The least part-level objective: over all ways to group items, devices of groups and orders.
std::optional<Picos> ExhaustivePartOptimum(const PlacementProblem& problem) {
  const size_t n = problem.items.size();
  std::vector<int32_t> block(n, 0);
  std::optional<Picos> best;
  const auto visit = [&](size_t blocks) {
    IdVector<ItemId, ItemId> group_of(n);
    for (size_t i = 0; i < n; ++i) group_of[ItemId(i)] = ItemId(block[i]);
    const PlacementProblem parts = Contract(problem, group_of, blocks, Launch::kPerGroup);
    if (!Check(parts).ok()) return;  // a cyclic quotient, or a group that no device can run
    const std::optional<Picos> value = ExhaustiveOptimum(parts, BuildGraph(parts));
    if (value.has_value() && (!best.has_value() || *value < *best)) best = value;
  };
  const auto enumerate = [&](const auto& self, size_t at, size_t blocks) -> void {
    if (at == n) return visit(blocks);
    for (size_t b = 0; b <= blocks; ++b) {
      block[at] = static_cast<int32_t>(b);
      self(self, at + 1, std::max(blocks, b + 1));
    }
  };
  enumerate(enumerate, 0, 0);
  return best;
}

TEST(LowerBoundsTest, NeverExceedTheOptimum) {
  Random random(1);
  int tight = 0, feasible = 0;
  for (int round = 0; round < 3000; ++round) {
    SmallProblemOptions options;
    options.max_items = round % 10 == 0 ? 6 : 5;
    options.memory = round % 3 == 1;
    options.groups = round % 3 == 2;
    options.edge_percent = 20 + 15 * (round % 5);
    const PlacementProblem problem = SmallProblem(random, options);
    ASSERT_TRUE(Check(problem).ok()) << Check(problem).message();
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<Picos> optimum = ExhaustiveOptimum(problem, graph);
    if (!optimum.has_value()) continue;
    ++feasible;
    for (const int64_t work : {int64_t{0}, int64_t{1'000'000}}) {
      const std::vector<LowerBound> bounds = LowerBounds(problem, graph, Launch::kIgnore, work);
      ASSERT_FALSE(bounds.empty());
      for (const LowerBound& bound : bounds) {
        ASSERT_LE(bound.value, *optimum) << bound.name << " in round " << round;
        ASSERT_GE(bound.value, 0);
      }
      ASSERT_TRUE(std::is_sorted(
          bounds.begin(), bounds.end(),
          [](const LowerBound& a, const LowerBound& b) { return a.value > b.value; }));
      if (work > 0 && bounds[0].value == *optimum) ++tight;
    }
  }
  EXPECT_GT(feasible, 2000);
  EXPECT_GT(tight, feasible / 3);
}

TEST(LowerBoundsTest, LoadsOfForcedPlacementsNeverExceedTheOptimum) {
  Random random(7);
  int feasible = 0, raised = 0, optimal = 0;
  for (int round = 0; round < 1500; ++round) {
    SmallProblemOptions options;
    options.max_items = 5;
    options.edge_percent = 30 + 15 * (round % 5);
    PlacementProblem problem = SmallProblem(random, options);
    // Each item keeps one of the devices that can run it.
    for (const ItemId item : problem.items.ids()) {
      std::vector<DeviceId> can;
      for (const DeviceId d : problem.devices.ids()) {
        if (problem.items[item].time[d].has_value()) can.push_back(d);
      }
      const DeviceId kept =
          can[static_cast<size_t>(random.Below(static_cast<int64_t>(can.size())))];
      for (const DeviceId d : can) {
        if (d != kept) problem.items[item].time[d].reset();
      }
    }
    ASSERT_TRUE(ForcedPlacement(problem).has_value());
    if (problem.objective != PlacementObjective::kLatency || !Check(problem).ok()) continue;
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<Picos> items = ExhaustiveOptimum(problem, graph);
    const std::optional<Picos> parts =
        problem.items.size() <= 4 ? ExhaustivePartOptimum(problem) : std::nullopt;
    for (const Launch launch : {Launch::kIgnore, Launch::kPerGroup}) {
      const std::optional<Picos>& optimum = launch == Launch::kIgnore ? items : parts;
      if (!optimum.has_value()) continue;
      ++feasible;
      Picos load = 0, others = 0;
      for (const LowerBound& bound : LowerBounds(problem, graph, launch, 100'000)) {
        ASSERT_LE(bound.value, *optimum) << bound.name << " in round " << round;
        Picos& of = bound.name == "load" ? load : others;
        of = std::max(of, bound.value);
      }
      raised += load > others;
      optimal += load == *optimum;
    }
  }
  EXPECT_GT(feasible, 500);
  EXPECT_GT(raised, 20);
  EXPECT_GT(optimal, 20);
}

TEST(LowerBoundsTest, NeverExceedThePartLevelOptimum) {
  Random random(2);
  int feasible = 0;
  for (int round = 0; round < 700; ++round) {
    SmallProblemOptions options;
    options.max_items = 4;
    options.max_devices = 2 + round % 2;
    options.memory = round % 3 == 1;
    options.groups = round % 3 == 2;
    PlacementProblem problem = SmallProblem(random, options);
    problem.launch_on_arrival = true;
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<Picos> optimum = ExhaustivePartOptimum(problem);
    if (!optimum.has_value()) continue;
    ++feasible;
    for (const LowerBound& bound : LowerBounds(problem, graph, Launch::kPerGroup, 1'000'000)) {
      ASSERT_LE(bound.value, *optimum) << bound.name << " in round " << round;
    }
  }
  EXPECT_GT(feasible, 400);
}

TEST(LowerBoundsTest, LoadOfTwoEqualDevicesIsHalfTheWork) {
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  for (int d = 0; d < 2; ++d) problem.devices.Add({"d", 1'000'000, 0});
  for (int i = 0; i < 10; ++i) {
    problem.items.Add({"i", 0, 0, IdVector<DeviceId, std::optional<Picos>>(2, Picos{10})});
  }
  const std::vector<LowerBound> bounds =
      LowerBounds(problem, BuildGraph(problem), Launch::kIgnore, 1'000'000);
  EXPECT_EQ(bounds[0].name, "load");
  EXPECT_EQ(bounds[0].value, 50);
}

TEST(LowerBoundsTest, MemoryPricesForceItemsOntoTheSlowDevice) {
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  problem.devices.Add({"fast", 50, 0});
  problem.devices.Add({"slow", 1000, 0});
  for (int i = 0; i < 10; ++i) {
    PlacementProblem::Item item{"i", 10, 0, IdVector<DeviceId, std::optional<Picos>>(2)};
    item.time[DeviceId(0)] = 1;
    item.time[DeviceId(1)] = 100;
    problem.items.Add(item);
  }
  const std::vector<LowerBound> bounds =
      LowerBounds(problem, BuildGraph(problem), Launch::kIgnore, 1'000'000);
  // Five items fit the fast one, so the slow one carries 500; without memory the bound is 10.
  EXPECT_GT(bounds[0].value, 150);
  EXPECT_LE(bounds[0].value, 500);
}

TEST(IntervalChainTest, AddsUpWhatForksCostOneAfterTheOther) {
  // Two forks of four, one after the other, on two equal devices: each takes two rounds.
  PlacementProblem problem;
  problem.communication = Communication::kDelay;
  for (int d = 0; d < 2; ++d) problem.devices.Add({"d", 1'000'000, 0});
  problem.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(
      2, IdVector<DeviceId, std::optional<Route>>(2, Route{}));
  const auto add = [&problem] {
    return problem.items.Add({"i", 0, 0, IdVector<DeviceId, std::optional<Picos>>(2, Picos{10})});
  };
  ItemId before = add();
  for (int fork = 0; fork < 2; ++fork) {
    std::vector<ItemId> middle;
    for (int i = 0; i < 4; ++i) middle.push_back(add());
    const ItemId after = add();
    problem.flows.Add({before, middle, 0, {}});
    for (const ItemId item : middle) problem.flows.Add({item, {after}, 0, {}});
    before = after;
  }
  ASSERT_TRUE(Check(problem).ok());
  const ProblemGraph graph = BuildGraph(problem);
  const PathCosts costs(problem, graph, Launch::kIgnore);
  const PathBounds paths = LongestPaths(costs);
  EXPECT_EQ(CriticalPath(costs, paths), 50);
  const LoadDual dual = BoundLoad(MakeLoadRows(ProblemFacts(problem)), {}, {}, 50);
  EXPECT_EQ(IntervalChain(costs, paths, dual, 1'000'000).value, 70);
  EXPECT_EQ(IntervalChain(costs, paths, dual, 0).value, 70);  // cut vertices alone do it
}

TEST(PathBoundsTest, TimeRunsBackwards) {
  Random random(7);
  int compared = 0;
  for (int round = 0; round < 300; ++round) {
    SmallProblemOptions options;
    options.max_items = 8;
    options.groups = round % 2 == 0;
    const PlacementProblem problem = SmallProblem(random, options);
    const ProblemGraph graph = BuildGraph(problem);
    const PathCosts costs(problem, graph, Launch::kPerGroup);
    const PathBounds paths = LongestPaths(costs);
    const ProblemGraph reversed = ReversedGraph(costs);
    const PathCosts backwards(costs, reversed);
    const PathBounds mirrored = LongestPaths(backwards);
    for (const ItemId item : problem.items.ids()) {
      for (const DeviceId d : problem.devices.ids()) {
        const Picos time = costs.times(item, d);
        if (time == kNotAllowed || paths.tail(item, d) >= kNever) continue;
        EXPECT_EQ(mirrored.head(item, d), time + paths.tail(item, d));
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 1000);
}

// On two alike devices that launch for 20, with transfers of 10: a fork of chains of two items
// between two items of 1.
PlacementProblem Chains(int32_t chains, Picos time) {
  PlacementProblem problem;
  problem.communication = Communication::kDelay;
  for (int d = 0; d < 2; ++d) problem.devices.Add({"d", 1'000'000, 20});
  problem.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(
      2, IdVector<DeviceId, std::optional<Route>>(2, Route{{{10, kPicosPerSecond}}, {}}));
  const auto add = [&problem](Picos picos) {
    return problem.items.Add(
        {"i", 0, 0, IdVector<DeviceId, std::optional<Picos>>(2, std::optional<Picos>(picos))});
  };
  add(1);
  for (int32_t i = 0; i < 2 * chains; ++i) add(time);
  const ItemId last = add(1);
  for (int32_t i = 0; i < chains; ++i) {
    const ItemId one(1 + 2 * i), two(2 + 2 * i);
    problem.flows.Add({ItemId(0), {one}, 0, {}});
    problem.flows.Add({one, {two}, 0, {}});
    problem.flows.Add({two, {last}, 0, {}});
  }
  return problem;
}

// What joins a fork is launched again behind it, or everything in between is in its part.
TEST(PartBoundsTest, WaitOrDoItThemselves) {
  struct Example {
    int32_t chains;
    Picos time, plain, by_parts;
  };
  // Of three chains of 80, the devices that begin at 20 and are heard of 20 or 30 later do half
  // each. Two chains of 10 are rather done in one part than waited for.
  for (const Example& example : {Example{3, 40, 20 + 82, (20 + 20 + 20 + 30 + 241 + 1) / 2 + 1},
                                 Example{2, 5, 20 + 12, 20 + 22}}) {
    const PlacementProblem problem = Chains(example.chains, example.time);
    const ProblemGraph graph = BuildGraph(problem);
    const PathCosts costs(problem, graph, Launch::kPerGroup);
    const LoadDual dual = BoundLoad(MakeLoadRows(ProblemFacts(problem)), {20, 20}, {}, 50);
    PathBounds paths = LongestPaths(costs);
    EXPECT_EQ(CriticalPath(costs, paths), example.plain);
    RaiseByParts(costs, dual.lambda, 10'000, paths);
    const ItemId first(0), last(problem.items.size() - 1);
    const DeviceId device(0);
    EXPECT_EQ(paths.head(last, device), example.by_parts);
    EXPECT_EQ(paths.head(first, device) + paths.tail(first, device), example.by_parts)
        << "the same backwards";
    EXPECT_EQ(CriticalPath(costs, paths), example.by_parts);
  }
}

TEST(PartBoundsTest, RaiseEndsAndNeverTooFar) {
  Random random(13);
  int raised = 0, tight = 0;
  for (int round = 0; round < 600; ++round) {
    SmallProblemOptions options;
    options.max_items = 6;
    options.groups = round % 4 == 0;
    options.edge_percent = 30 + 15 * (round % 3);
    PlacementProblem problem = SmallProblem(random, options);
    problem.objective = PlacementObjective::kLatency;
    for (PlacementProblem::MachineDevice& device : problem.devices) {
      device.part_cost = random.Between(0, 30);
    }
    const ProblemGraph graph = BuildGraph(problem);
    const PathCosts costs(problem, graph, Launch::kPerGroup);
    const PathBounds plain = LongestPaths(costs);
    const LoadDual dual = BoundLoad(MakeLoadRows(ProblemFacts(problem)), {}, {}, 20);
    // How far is looked back must not matter to what is true.
    for (const int64_t work : {0, 60, 100'000}) {
      PathBounds paths = plain;
      RaiseByParts(costs, dual.lambda, work, paths);
      for (size_t cell = 0; cell < plain.head.cells().size(); ++cell) {
        EXPECT_GE(paths.head.cells()[cell], plain.head.cells()[cell]);
        EXPECT_GE(paths.tail.cells()[cell], plain.tail.cells()[cell]);
      }
      const Picos bound = CriticalPath(costs, paths);
      const std::optional<PartedSolution> best = BestParts(problem, graph);
      if (!best.has_value() || bound >= kNever) continue;
      ASSERT_LE(bound, best->score.objective) << "round " << round << ", work " << work;
      raised += bound > CriticalPath(costs, plain) ? 1 : 0;
      tight += bound == best->score.objective ? 1 : 0;
    }
  }
  EXPECT_GT(raised, 100);
  EXPECT_GT(tight, 200);
}

TEST(RegionBoundTest, SearchesThePartsBetweenTwoItems) {
  const PlacementProblem problem = Chains(3, 40);
  const ProblemGraph graph = BuildGraph(problem);
  const PathCosts costs(problem, graph, Launch::kPerGroup);
  const RegionBound region(costs, 0, 7, {1, 2, 3, 4, 5, 6});
  // Windows let the other device take a chain and the first go on with the other two. But it has
  // to end its part for that, and launches once for those and once for the last item.
  EXPECT_LE(region.Between(0, 0), 160 + 20 + 1);
  int64_t work = 100'000;
  EXPECT_EQ(region.Search(0, 0, region.Between(0, 0), kNever, work), 20 + 160 + 20 + 1);
  EXPECT_LT(work, 100'000);
  // With the last item elsewhere, a chain can be split between the devices.
  EXPECT_EQ(region.Search(0, 1, region.Between(0, 1), kNever, work), 191);
  EXPECT_EQ(region.Search(0, 0, region.Between(0, 0), 190, work), 190) << "as far as asked for";
  work = 1;
  EXPECT_EQ(region.Search(0, 0, 17, kNever, work), 17) << "not found out";
  // The chain adds the launch before, and the first item; and nothing is better than that.
  const LoadDual dual = BoundLoad(MakeLoadRows(ProblemFacts(problem)), {20, 20}, {}, 50);
  const PathBounds paths = LongestPaths(costs);
  EXPECT_EQ(IntervalChain(costs, paths, dual, 1'000'000).value, 20 + 1 + 191);
  EXPECT_EQ(BestParts(problem, graph)->score.objective, 20 + 1 + 191);
}

TEST(RegionBoundTest, WindowsNeverExceedTheSearch) {
  Random random(11);
  int compared = 0, tight = 0, gained = 0;
  for (int round = 0; round < 1500; ++round) {
    SmallProblemOptions options;
    options.min_items = 4;
    options.max_items = 8;
    options.groups = round % 3 == 0;
    options.edge_percent = 10 + 15 * (round % 3);
    PlacementProblem problem = SmallProblem(random, options);
    problem.together.clear();
    problem.launch_on_arrival = false;
    for (PlacementProblem::MachineDevice& device : problem.devices) {
      device.part_cost *= 1 + round % 4;
    }
    // The first item feeds all that have no input, and the last is fed by all without output.
    const ProblemGraph open = BuildGraph(problem);
    const ItemId entry = open.topological.front(), exit = open.topological.back();
    const int32_t first = entry.index(), last = exit.index();
    for (const ItemId item : problem.items.ids()) {
      if (item != entry && open.predecessors[item].empty()) {
        problem.flows.Add({entry, {item}, 2, {}});
      }
      if (item != exit && item != entry && open.successors[item].empty()) {
        problem.flows.Add({item, {exit}, 1, {}});
      }
    }
    ASSERT_TRUE(Check(problem).ok()) << Check(problem).message();
    const ProblemGraph graph = BuildGraph(problem);
    const PathCosts costs(problem, graph, Launch::kPerGroup);
    std::vector<int32_t> inside;
    for (const ItemId item : graph.topological) {
      if (item != entry && item != exit) inside.push_back(item.index());
    }
    const RegionBound region(costs, first, last, inside);
    for (int32_t k = 0; k < costs.num_devices; ++k) {
      for (int32_t l = 0; l < costs.num_devices; ++l) {
        if (costs.Time(first, k) == kNotAllowed || costs.Time(last, l) == kNotAllowed) continue;
        int64_t work = 1'000'000;
        const Picos exact = region.Search(k, l, 0, kNever, work);
        ASSERT_GT(work, 0);
        const Picos windows = region.Between(k, l);
        ASSERT_LE(windows, exact) << "round " << round << ": " << k << " to " << l;
        ASSERT_LE(region.Path(k, l), windows);
        ++compared;
        tight += windows == exact ? 1 : 0;
        gained += windows > region.Path(k, l) ? 1 : 0;
      }
    }
  }
  EXPECT_GT(compared, 4000);
  EXPECT_GT(tight, compared / 4);
  EXPECT_GT(gained, compared / 4);
}

TEST(TrialBoundTest, WhatIsTooFarAwayIsRuledOut) {
  // The other device would halve the load; but there and back takes longer than staying.
  const PlacementProblem problem = Chains(2, 15);
  const ProblemGraph graph = BuildGraph(problem);
  const PathCosts costs(problem, graph, Launch::kPerGroup);
  const PathBounds paths = LongestPaths(costs);
  const TrialInput input{costs, {}, {20, 20}, {}, paths.head, CriticalPath(costs, paths)};
  EXPECT_EQ(input.known, 20 + 1 + 30 + 1);
  EXPECT_EQ(BoundByTrials(input, 1'000'000), 20 + 1 + 60 + 1);
  EXPECT_EQ(BoundByTrials(input, 0), input.known);
}

TEST(LowerBoundsTest, TwentyThousandItemsStayCheap) {
  Random random(5);
  PlacementProblem problem;
  for (int d = 0; d < 4; ++d) problem.devices.Add({"d", 1'000'000'000, 100});
  problem.num_channels = 1;
  problem.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(
      4, IdVector<DeviceId, std::optional<Route>>(
             4, Route{{{1000, kPicosPerSecond}}, {ChannelId(0)}}));
  for (int32_t i = 0; i < 20'000; ++i) {
    PlacementProblem::Item item{"i", 1, 0, IdVector<DeviceId, std::optional<Picos>>(4)};
    for (std::optional<Picos>& time : item.time) time = random.Between(100, 1000);
    const ItemId id = problem.items.Add(item);
    if (i == 0) continue;
    problem.flows.Add({ItemId(i - 1), {id}, 10, {}});
    if (i > 9 && random.Below(2) == 0) problem.flows.Add({ItemId(i - 9), {id}, 10, {}});
  }
  const std::vector<LowerBound> bounds =
      LowerBounds(problem, BuildGraph(problem), Launch::kPerGroup, 1'000'000);
  EXPECT_GT(bounds[0].value, 20'000 * 100);
}

}  // namespace
}  // namespace allot
