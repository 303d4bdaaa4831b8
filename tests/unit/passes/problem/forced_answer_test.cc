// Where rules leave one placement, what is found is that, in parts that hold.
#include "passes/problem/forced_answer.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

#include "placement/problem/allowed_times.h"
#include "placement/proofs/lower_bounds.h"
#include "support/random.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

// Of many items, of which each keeps one device.
PlacementProblem Forced(uint64_t seed) {
  testing::RandomProblemOptions options;
  options.items = 1000;
  options.devices = 4;
  options.absent_times = options.missing_routes = 0;
  options.edge_density = 20;
  options.groups = false;
  PlacementProblem problem = testing::RandomProblem(seed, options);
  Random random(seed);
  for (const ItemId item : problem.items.ids()) {
    const DeviceId kept(static_cast<size_t>(random.Below(4)));
    for (const DeviceId device : problem.devices.ids()) {
      if (device != kept) problem.items[item].time[device].reset();
    }
  }
  return problem;
}

TEST(ForcedAnswer, IsTheOnlyPlacementInPartsThatHold) {
  const PlacementProblem problem = Forced(1);
  ASSERT_TRUE(IsForced(problem));
  const ProblemGraph graph = BuildGraph(problem);
  ir::Summary summary;
  const std::optional<PartedSolution> found = ForcedParts(problem, graph, summary);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->items.device_of, *ForcedPlacement(problem));
  const Score score = EvaluateParts(problem, found->items, found->parts);
  EXPECT_TRUE(score.feasible);
  EXPECT_EQ(score.objective, summary.value);
  EXPECT_EQ(summary.solver, "pins");
  ASSERT_EQ(summary.baselines.size(), 4u);
  for (const auto& baseline : summary.baselines) EXPECT_FALSE(baseline.value.has_value());
  // Every item in a part of its own is what the parts are better than.
  PartedSolution each = *found;
  for (size_t i = 0; i < problem.items.size(); ++i) {
    each.parts.part_of[graph.topological[i]] = ItemId(i);
  }
  each.parts.num_parts = problem.items.size();
  each.items.order = graph.topological;
  EXPECT_LT(summary.value, EvaluateParts(problem, each.items, each.parts).objective);
  const std::vector<LowerBound> bounds = LowerBounds(problem, graph, Launch::kPerGroup, 10'000);
  ASSERT_FALSE(bounds.empty());
  EXPECT_LE(bounds.front().value, summary.value);
  EXPECT_GT(bounds.front().value, 0);
}

TEST(ForcedAnswer, IsNoneWhereSomethingHasAChoiceOrNothingFits) {
  PlacementProblem problem = Forced(2);
  const ItemId last(problem.items.size() - 1);
  auto& times = problem.items[last].time;
  const bool first = times[DeviceId(0)].has_value();
  times[first ? DeviceId(1) : DeviceId(0)] = 5;
  EXPECT_FALSE(IsForced(problem));
  problem = Forced(2);
  problem.contiguous = true;
  EXPECT_FALSE(IsForced(problem));
  problem.contiguous = false;
  for (PlacementProblem::MachineDevice& device : problem.devices) device.memory = 0;
  for (PlacementProblem::Item& item : problem.items) item.memory = 1;
  ir::Summary summary;
  EXPECT_FALSE(ForcedParts(problem, BuildGraph(problem), summary).has_value());
  EXPECT_TRUE(summary.baselines.empty() && summary.solver.empty());
}

}  // namespace
}  // namespace allot
