#include "placement/part_state.h"

#include "gtest/gtest.h"

#include "placement/part_moves.h"
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

}  // namespace
}  // namespace allot
