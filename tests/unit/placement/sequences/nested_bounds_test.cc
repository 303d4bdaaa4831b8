// What is proven of the two sides of each item: against every schedule of small random problems,
// and in the search that believes it.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "gtest/gtest.h"

#include "placement/exact/exact_items.h"
#include "placement/problem/allowed_times.h"
#include "placement/sequences/nested_bounds.h"
#include "tests/unit/placement/exact/exhaustive.h"

namespace allot {
namespace {

SmallProblemOptions SmallLatency(int round) {
  SmallProblemOptions options;
  options.min_items = 3;
  options.max_items = 6;
  options.objective = PlacementObjective::kLatency;
  options.communication = static_cast<Communication>(round % 3);
  options.groups = round % 4 == 1;
  options.memory = round % 8 == 2;
  options.edge_percent = 15 + 15 * (round % 5);
  return options;
}

// Of all schedules, the least that lies before the start and after the end of each item. False if
// there are none.
bool LeastOfAll(const PlacementProblem& problem, const ProblemGraph& graph, ItemTimes& before,
                ItemTimes& after) {
  Evaluator evaluator(problem, graph);
  const size_t n = problem.items.size(), num_devices = problem.devices.size();
  before.Assign(n, num_devices, kNever);
  after = before;
  bool any = false;
  std::vector<int32_t> device(n, 0);
  while (true) {
    std::vector<int32_t> order, missing;
    for (const ItemId item : problem.items.ids()) {
      missing.push_back(static_cast<int32_t>(graph.predecessors[item].size()));
    }
    ForEachOrder(graph, order, missing, [&] {
      if (!evaluator.Value(device.data(), order.data()).feasible()) return;
      any = true;
      evaluator.Simulate(device.data(), order.data());
      const Simulation& run = evaluator.simulation();
      const Picos end = *std::max_element(run.end().begin(), run.end().end());
      for (size_t i = 0; i < n; ++i) {
        Picos& least_before = before(ItemId(i), DeviceId(device[i]));
        Picos& least_after = after(ItemId(i), DeviceId(device[i]));
        least_before = std::min(least_before, run.start()[i]);
        least_after = std::min(least_after, end - run.end()[i]);
      }
    });
    size_t i = 0;
    while (i < n && ++device[i] == static_cast<int32_t>(num_devices)) device[i++] = 0;
    if (i == n) return any;
  }
}

TEST(NestedBoundsTest, HoldOfEverySchedule) {
  Random random(77);
  int beyond_nothing = 0;
  for (int round = 0; round < 900; ++round) {
    const PlacementProblem problem = SmallProblem(random, SmallLatency(round));
    const ProblemGraph graph = BuildGraph(problem);
    ItemTimes least_before, least_after;
    if (!LeastOfAll(problem, graph, least_before, least_after)) continue;
    const SequenceInstance instance =
        MakeSequenceInstance(ProblemFacts(problem, graph), StepSize::kOne);
    NestedBounds before, after;
    // Cut off at first, then again with more.
    for (const int64_t work : {int64_t{10} * (round % 7), int64_t{20'000}}) {
      RaiseBefore(instance, work, before);
      RaiseAfter(instance, work, after);
      for (int32_t i = 0; i < instance.num_items; ++i) {
        const ItemId item = instance.item_of[static_cast<size_t>(i)];
        for (const DeviceId d : problem.devices.ids()) {
          const Picos start = before.least(i, d), rest = after.least(i, d);
          ASSERT_LE(start, least_before(item, d)) << round << ' ' << i << ' ' << d.index();
          ASSERT_LE(rest, least_after(item, d)) << round << ' ' << i << ' ' << d.index();
          beyond_nothing += start > 0 || rest > 0 ? 1 : 0;
        }
      }
    }
    EXPECT_TRUE(before.complete && after.complete) << round;
  }
  EXPECT_GT(beyond_nothing, 1'000);
}

// A fork of four equal items on two equal devices, without transfers to speak of: two of them run
// one after the other, which no path shows.
TEST(NestedBoundsTest, SeeThatDescendantsCompete) {
  PlacementProblem problem;
  problem.communication = Communication::kDelay;
  for (const char* name : {"a", "b"}) problem.devices.Add({name, 1'000, 0});
  problem.routes.resize(2);
  for (const DeviceId from : problem.devices.ids()) {
    for (int to = 0; to < 2; ++to) {
      problem.routes[from].Add(Route{{{0, kPicosPerSecond}}, {}});
    }
  }
  // 0 -> 1 -> {2, 3, 4, 5} -> 6 -> 7
  for (int i = 0; i < 8; ++i) {
    problem.items.Add({"", 0, 0, IdVector<DeviceId, std::optional<Picos>>(2, Picos{10})});
  }
  const auto flow = [&](int from, std::vector<ItemId> to) {
    problem.flows.Add({ItemId(from), std::move(to), 0, {}});
  };
  flow(0, {ItemId(1)});
  flow(1, {ItemId(2), ItemId(3), ItemId(4), ItemId(5)});
  for (int i = 2; i < 6; ++i) flow(i, {ItemId(6)});
  flow(6, {ItemId(7)});
  ASSERT_TRUE(Check(problem).ok());
  const ProblemGraph graph = BuildGraph(problem);
  const SequenceInstance instance =
      MakeSequenceInstance(ProblemFacts(problem, graph), StepSize::kOne);
  NestedBounds before, after;
  RaiseBefore(instance, 10'000, before);
  RaiseAfter(instance, 10'000, after);
  for (const DeviceId d : problem.devices.ids()) {
    EXPECT_EQ(after.least(1, d), 40);
    EXPECT_EQ(before.least(6, d), 40);
  }
}

TEST(NestedBoundsTest, TheSearchFindsTheSameWithThem) {
  Random random(78);
  int64_t without = 0, with = 0;
  for (int round = 0; round < 2'000; ++round) {
    SmallProblemOptions options = SmallLatency(round);
    options.communication = Communication::kDelay;
    options.max_items = 11;
    const PlacementProblem problem = SmallProblem(random, options);
    const ProblemGraph graph = BuildGraph(problem);
    SequenceInstance instance = MakeSequenceInstance(ProblemFacts(problem, graph), StepSize::kOne);
    SequenceSearchLimits limits;
    limits.work = 3'000'000;
    const SequenceSearchResult plain = SearchSequences(instance, limits);
    NestedBounds before, after;
    RaiseBefore(instance, 50 * (round % 50), before);
    RaiseAfter(instance, 50 * (round % 50), after);
    Impose(after, before, instance);
    const SequenceSearchResult informed = SearchSequences(instance, limits);
    ASSERT_TRUE(plain.complete && informed.complete) << round;
    ASSERT_EQ(plain.found, informed.found) << round;
    if (!plain.found) continue;
    ASSERT_EQ(plain.value, informed.value) << round;
    EXPECT_LE(informed.lower, informed.value);
    EXPECT_LE(plain.lower, plain.value);
    without += plain.work;
    with += informed.work;
  }
  EXPECT_LT(with, without);
}

TEST(ReversedTest, HasTheSameOptimumBeforeAndAfterBoundsAreRaised) {
  Random random(80);
  for (int round = 0; round < 2'000; ++round) {
    SmallProblemOptions options = SmallLatency(round);
    options.communication = Communication::kDelay;
    options.max_items = 9;
    const PlacementProblem problem = SmallProblem(random, options);
    const ProblemGraph graph = BuildGraph(problem);
    SequenceInstance instance = MakeSequenceInstance(ProblemFacts(problem, graph), StepSize::kOne);
    // Rules of an instance that is cut out of a larger one.
    if (round % 2 == 0) {
      instance.release.Assign(problem.items.size(), problem.devices.size(), 0);
      instance.follow = instance.release;
      for (int32_t i = 0; i < instance.num_items; ++i) {
        for (const DeviceId d : problem.devices.ids()) {
          instance.release(i, d) = random.Below(20);
          instance.follow(i, d) = random.Below(20);
        }
      }
      for (int32_t d = 0; d < instance.num_devices; ++d) {
        instance.ready.push_back(random.Below(20));
      }
      instance.classes.clear();
    }
    SequenceSearchLimits limits;
    limits.work = 3'000'000;
    const SequenceSearchResult forwards = SearchSequences(instance, limits);
    const SequenceSearchResult backwards = SearchSequences(Reversed(instance), limits);
    ASSERT_TRUE(forwards.complete && backwards.complete) << round;
    ASSERT_EQ(forwards.found, backwards.found) << round;
    NestedBounds before, after;
    RaiseBefore(instance, 50 * (round % 50), before);
    RaiseAfter(instance, 50 * (round % 50), after);
    Impose(after, before, instance);
    const SequenceSearchResult informed = SearchSequences(Reversed(instance), limits);
    ASSERT_EQ(forwards.found, informed.found) << round;
    if (!forwards.found) continue;
    ASSERT_EQ(forwards.value, backwards.value) << round;
    ASSERT_EQ(forwards.value, informed.value) << round;
  }
}

TEST(NestedBoundsTest, ExactItemsBelievesThem) {
  Random random(79);
  for (int round = 0; round < 900; ++round) {
    const PlacementProblem problem = SmallProblem(random, SmallLatency(round));
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<Picos> optimum = ExhaustiveOptimum(problem, graph);
    const SequenceInstance instance =
        MakeSequenceInstance(ProblemFacts(problem, graph), StepSize::kOne);
    ItemBounds bounds;
    RaiseBefore(instance, 1'000, bounds.before);
    RaiseAfter(instance, 1'000, bounds.after);
    const ExactItemsResult exact =
        ExactItems(ProblemFacts(problem, graph), nullptr, 1'000'000, kNever, &bounds);
    ASSERT_TRUE(exact.proved) << round;
    ASSERT_EQ(exact.solution.has_value(), optimum.has_value()) << round;
    if (optimum.has_value()) {
      ASSERT_EQ(exact.value, *optimum) << round;
    }
    // Little work raises them on its own.
    const ExactItemsResult hasty =
        ExactItems(ProblemFacts(problem, graph), nullptr, 16 * (1 + round % 20));
    if (optimum.has_value()) {
      ASSERT_LE(hasty.lower, *optimum) << round;
    }
    if (hasty.proved) {
      ASSERT_EQ(hasty.solution.has_value(), optimum.has_value()) << round;
      if (optimum.has_value()) {
        ASSERT_EQ(hasty.value, *optimum) << round;
      }
    }
  }
}

}  // namespace
}  // namespace allot
