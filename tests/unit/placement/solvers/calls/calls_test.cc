// Execution in calls: the bound of paths and the search, against all placements and by hand.
#include <limits>

#include "gtest/gtest.h"

#include "placement/bounds/call_paths.h"
#include "placement/bounds/path_bounds.h"
#include "placement/exact/brute_force_parts.h"
#include "placement/problem/allowed_times.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/solver.h"
#include "placement/solvers/calls/call_segments.h"
#include "placement/value/call_evaluator.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::RandomProblem;
using testing::RandomProblemOptions;

RandomProblemOptions CallOptions(uint64_t seed) {
  RandomProblemOptions options;
  options.items = 3 + static_cast<int64_t>(seed % 5);
  options.devices = 2 + static_cast<int64_t>(seed % 2);
  options.missing_routes = 0;
  options.memory = seed % 3 == 0;
  options.groups = seed % 4 != 0;
  options.edge_density = 30 + static_cast<int64_t>(seed % 5) * 10;
  options.calls = true;
  options.part_costs = seed % 7 == 0;
  return options;
}

std::optional<Solution> Best(const PlacementProblem& problem, const ProblemGraph& graph) {
  int64_t spent = 0;
  bool complete = true;
  return BestByEnumeration(problem, graph, std::numeric_limits<Picos>::max(),
                           std::numeric_limits<int64_t>::max(), spent, complete);
}

TEST(CallPathTest, NoBoundOfAnyPathExceedsTheOptimum) {
  int tight = 0, known = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    const PlacementProblem problem = RandomProblem(seed, CallOptions(seed));
    ASSERT_TRUE(Check(problem).ok()) << Check(problem);
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<Solution> best = Best(problem, graph);
    CallPathBounder bounder(ProblemFacts(problem, graph));
    // Every path from a source to a sink.
    Picos bound = 0;
    std::vector<std::vector<ItemId>> open;
    for (const ItemId item : problem.items.ids()) {
      if (graph.predecessors[item].empty()) open.push_back({item});
    }
    while (!open.empty()) {
      const std::vector<ItemId> path = open.back();
      open.pop_back();
      for (const ItemId next : graph.successors[path.back()]) {
        open.push_back(path);
        open.back().push_back(next);
      }
      if (!graph.successors[path.back()].empty()) continue;
      int64_t work = 1'000'000;
      bound = std::max(bound, bounder.Bound(path, work).value);
    }
    if (!best.has_value()) continue;
    const Picos value = Evaluate(problem, graph, *best).objective;
    ASSERT_LE(bound, value);
    ++known;
    tight += bound == value ? 1 : 0;
  }
  // It is no triviality either.
  EXPECT_GT(known, 300);
  EXPECT_GT(tight, known / 4);
}

// A chain of six items of 10 on accelerators and 100 on the pool; tensors take 3 each way;
// accelerators hold three items.
PlacementProblem Chain(int32_t accelerators) {
  PlacementProblem problem;
  problem.execution = Execution::kCalls;
  for (int32_t d = 0; d <= accelerators; ++d) problem.devices.Add({"d", 3, 0});
  problem.devices[DeviceId(0)].pool = true;
  problem.devices[DeviceId(0)].memory = 1000;
  for (int32_t i = 0; i < 6; ++i) {
    PlacementProblem::Item item;
    item.memory = 1;
    for (int32_t d = 0; d <= accelerators; ++d) item.time.Add(d == 0 ? 100 : 10);
    problem.items.Add(item);
    if (i == 0) continue;
    PlacementProblem::Flow flow{ItemId(i - 1), {ItemId(i)}, 0, {}};
    for (int32_t d = 0; d <= accelerators; ++d) flow.staging.Add(d == 0 ? 0 : 3);
    problem.flows.Add(flow);
  }
  return problem;
}

TEST(CallPathTest, SeesThatMemoryCutsAChain) {
  const PlacementProblem problem = Chain(2);
  const ProblemGraph graph = BuildGraph(problem);
  CallPathBounder bounder(ProblemFacts(problem, graph));
  int64_t work = 10'000;
  const CallPathBound bound = bounder.Bound(graph.topological, work);
  EXPECT_EQ(bound.value, 60 + 2 * 3);
  ASSERT_EQ(bound.runs.size(), 2u);
  EXPECT_TRUE(bound.runs[0].call);
  EXPECT_EQ(bound.runs[0].end, 3u);
  EXPECT_EQ(bound.runs[1].closure.size(), 3u);
  int64_t little = 3;
  EXPECT_EQ(bounder.Bound(graph.topological, little).value, 0);
}

TEST(CallPathTest, SeesHowManyCallsThereAre) {
  const PlacementProblem problem = Chain(1);
  const ProblemGraph graph = BuildGraph(problem);
  CallPathBounder bounder(ProblemFacts(problem, graph));
  int64_t work = 10'000;
  // Three items in one call, which loads or stores once, and three on the pool.
  EXPECT_EQ(bounder.Bound(graph.topological, work).value, 300 + 30 + 3);
}

TEST(CallPathTest, SaysWhenThereIsNoWay) {
  PlacementProblem problem = Chain(1);
  problem.devices[DeviceId(0)].memory = 0;
  const ProblemGraph graph = BuildGraph(problem);
  int64_t work = 10'000;
  EXPECT_EQ(CallPathBounder(ProblemFacts(problem, graph)).Bound(graph.topological, work).value,
            kNever);
}

TEST(CallSegmentsTest, WhatItFindsIsWhatItSays) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    RandomProblemOptions options = CallOptions(seed);
    options.items = 30;
    options.memory = false;
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    CallSegments segments(ProblemFacts(problem, graph));
    CallEvaluator evaluator(problem, graph);
    std::vector<int32_t> order;
    for (int32_t b = 0; b < segments.blocks().num_blocks; ++b) order.push_back(b);
    Picos last = std::numeric_limits<Picos>::max() / 4;
    for (const CallSegments::Effort& effort :
         {CallSegments::Effort{1, 3}, CallSegments::Effort{1, 1}, CallSegments::Effort{8, 1}}) {
      int64_t work = 10'000'000;
      // Only what is better than the last is wanted.
      const std::optional<Solution> solution = segments.Run(order, effort, last, work);
      if (!solution.has_value()) continue;
      const SearchValue value = evaluator.Value(*solution);
      EXPECT_EQ(value.violations, 0);
      EXPECT_LT(value.objective, last);
      last = value.objective;
      ++found;
    }
  }
  EXPECT_GT(found, 150);
}

TEST(CallsSolverTest, FindsTheBestOfSmallProblems) {
  const Registry<PlacementSolver> registry = BuiltinSolvers();
  const auto solver = registry.Find("calls")->make("");
  ASSERT_TRUE(solver.ok()) << solver.status();
  int equal = 0, all = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    const PlacementProblem problem = RandomProblem(seed, CallOptions(seed));
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<Solution> best = Best(problem, graph);
    const SolveLimits limits{.work = 100'000, .seed = 5};
    const auto result = Solve(**solver, "calls", SolveInput{problem, graph, limits, nullptr, {}});
    ASSERT_TRUE(result.ok()) << result.status();
    if (!best.has_value()) {
      EXPECT_FALSE(result->best.has_value());
      continue;
    }
    ++all;
    const Picos value = Evaluate(problem, graph, *best).objective;
    EXPECT_LE(result->lower_bound.value, value);
    if (!result->best.has_value()) continue;
    EXPECT_GE(result->score.objective, value);
    equal += result->score.objective == value ? 1 : 0;
  }
  EXPECT_GE(equal, all * 95 / 100);
}

}  // namespace
}  // namespace allot
