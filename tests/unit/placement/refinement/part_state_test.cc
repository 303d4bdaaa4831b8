#include "placement/refinement/part_state.h"

#include "gtest/gtest.h"

#include "placement/refinement/part_moves.h"
#include "placement/search/evaluation_work.h"
#include "support/random.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;

// What is kept from move to move must be what a fresh look at the same parts finds.
TEST(PartStateTest, WhatMovesKeepIsWhatAFreshLookFinds) {
  int64_t decoded = 0;
  for (uint64_t seed = 1; seed <= 120; ++seed) {
    RandomProblemOptions options = RandomOptions(seed, 24);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const PartedSolution start = FormParts(
        problem, graph, {Placement(problem.items.size(), DeviceId(0)), graph.topological}, 100);
    Random random(seed);
    PartState state(problem, graph, start);
    PartMoves moves(state, random);
    PartEvaluator fresh(problem, graph);
    PartState::Snapshot settled = state.Save();
    for (int move = 0; move < 200; ++move) {
      moves.Propose();
      if (!state.Decode()) {
        ASSERT_EQ(state.Save().device, settled.device);
        ASSERT_EQ(state.Save().part_of, settled.part_of);
        continue;
      }
      ++decoded;
      const SearchValue value = state.Evaluate();
      const Picos smooth = state.Smooth();
      const PartState::Snapshot now = state.Save();
      ASSERT_EQ(value, fresh.Value(now.device.data(), now.part_of.data(), now.num_parts));
      if (random.Below(3) == 0) {
        state.Accept();
        ASSERT_EQ(state.Evaluate(), value);
        ASSERT_EQ(state.Smooth(), smooth);
      } else {
        state.Reject();
        ASSERT_EQ(state.Save().device, settled.device);
        ASSERT_EQ(state.Save().wish, settled.wish);
        ASSERT_EQ(state.Save().part_of, settled.part_of);
      }
      settled = state.Save();
    }
    state.Restore(settled);
    ASSERT_EQ(state.Evaluate(),
              fresh.Value(settled.device.data(), settled.part_of.data(), settled.num_parts));
  }
  EXPECT_GT(decoded, 5'000);
}

// `width` items that one item reads, as a Sum reads the branches of a fan.
PlacementProblem Fan(int32_t width) {
  PlacementProblem problem;
  problem.devices.resize(2);
  problem.num_channels = 0;
  problem.routes.resize(2);
  for (auto& row : problem.routes) row = IdVector<DeviceId, std::optional<Route>>(2, Route());
  for (int32_t i = 0; i <= width; ++i) {
    problem.items.Add({.name = "i", .time = IdVector<DeviceId, std::optional<Picos>>(2, 1000)});
  }
  for (int32_t i = 0; i < width; ++i) problem.flows.Add({ItemId(i), {ItemId(width)}, 4, {}});
  return problem;
}

int64_t WorkOfFan(int32_t width, bool apart) {
  const PlacementProblem problem = Fan(width);
  const ProblemGraph graph = BuildGraph(problem);
  Solution solution{Placement(problem.items.size(), DeviceId(0)), graph.topological};
  if (apart) solution.device_of[ItemId(width)] = DeviceId(1);
  PartState state(problem, graph, FormParts(problem, graph, solution, 100));
  state.Evaluate();
  return state.evaluation_work();
}

TEST(PartStateTest, TensorsBetweenPartsCountWhereThereAreThousands) {
  EXPECT_EQ(WorkOfFan(100, /*apart=*/true), 101);
  EXPECT_EQ(WorkOfFan(5'000, /*apart=*/false), 5'001);
  EXPECT_GT(WorkOfFan(5'000, /*apart=*/true), 5 * 5'001);
}

TEST(EvaluationWorkTest, CountsEndsWhereTheyAreMostOfIt) {
  PlacementProblem problem = Fan(100);
  EXPECT_EQ(EvaluationWork(problem), 101);
  // Each of 100 items is read by all of 100 others.
  for (int32_t i = 0; i < 100; ++i) problem.items.Add(problem.items[ItemId(0)]);
  for (PlacementProblem::Flow& flow : problem.flows) {
    flow.to.clear();
    for (int32_t to = 100; to < 200; ++to) flow.to.push_back(ItemId(to));
  }
  EXPECT_EQ(EvaluationWork(problem), 100 * 102 / 16);
}

}  // namespace
}  // namespace allot
