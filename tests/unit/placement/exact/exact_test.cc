// Exact methods against optima found by trying everything, on random problems of every kind.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "placement/exact/brute_force_parts.h"
#include "placement/exact/exact_items.h"
#include "placement/exact/exact_parts.h"
#include "placement/solver.h"
#include "tests/unit/placement/exact/exhaustive.h"

namespace allot {
namespace {

SolveResult RunSolver(const std::string& name, const PlacementProblem& problem,
                      const ProblemGraph& graph, int64_t work, const Solution* incumbent = nullptr,
                      const std::string& options = "") {
  const Registry<PlacementSolver> registry = BuiltinSolvers();
  const Entry<PlacementSolver>* entry = registry.Find(name);
  EXPECT_NE(entry, nullptr) << name;
  absl::StatusOr<std::unique_ptr<PlacementSolver>> solver = entry->make(options);
  EXPECT_TRUE(solver.ok()) << solver.status();
  SolveLimits limits;
  limits.work = work;
  const absl::StatusOr<SolveResult> result =
      Solve(**solver, name, SolveInput{problem, graph, limits, incumbent, {}});
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : SolveResult();
}

class ExactItemsTest : public ::testing::TestWithParam<int> {};

TEST_P(ExactItemsTest, EqualsTryingEverything) {
  Random random(100 + static_cast<uint64_t>(GetParam()));
  int proved = 0, feasible = 0;
  for (int round = 0; round < 1200; ++round) {
    SmallProblemOptions options;
    options.max_items = round % 8 == 0 ? 6 : 5;
    options.communication = static_cast<Communication>(GetParam());
    options.memory = round % 3 == 1;
    options.groups = round % 3 == 2;
    options.edge_percent = 15 + 15 * (round % 5);
    const PlacementProblem problem = SmallProblem(random, options);
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<Picos> optimum = ExhaustiveOptimum(problem, graph);
    const ExactItemsResult exact = ExactItems(ProblemFacts(problem, graph), nullptr, 1'000'000);
    ASSERT_EQ(exact.solution.has_value() && exact.proved, optimum.has_value() && exact.proved);
    if (optimum.has_value()) {
      ++feasible;
      ASSERT_LE(exact.lower, *optimum) << "round " << round;
    }
    if (!exact.solution.has_value()) continue;
    const Score score = Evaluate(problem, graph, *exact.solution);
    ASSERT_TRUE(score.feasible);
    ASSERT_EQ(score.objective, exact.value);
    ASSERT_TRUE(optimum.has_value());
    ASSERT_GE(exact.value, *optimum);
    if (!exact.proved) continue;
    ++proved;
    ASSERT_EQ(exact.value, *optimum) << "round " << round;
    ASSERT_EQ(exact.lower, *optimum);
  }
  // Only throughput with a binding peak of memory may stay unproven.
  EXPECT_GT(feasible, 800);
  EXPECT_GE(proved, feasible * 97 / 100);
}

INSTANTIATE_TEST_SUITE_P(AllCommunications, ExactItemsTest, ::testing::Values(0, 1, 2));

TEST(ExactItemsTest, StartsFromAnIncumbentAndKeepsItWhenCutOff) {
  Random random(8);
  for (int round = 0; round < 100; ++round) {
    SmallProblemOptions options;
    options.min_items = 5;
    options.max_items = 9;
    const PlacementProblem problem = SmallProblem(random, options);
    const ProblemGraph graph = BuildGraph(problem);
    const Solution incumbent{Placement(problem.items.size(), DeviceId(0)), graph.topological};
    const Score score = Evaluate(problem, graph, incumbent);
    ASSERT_TRUE(score.feasible);
    const ExactItemsResult cut_off = ExactItems(ProblemFacts(problem, graph), &incumbent, 3);
    ASSERT_TRUE(cut_off.solution.has_value());
    EXPECT_LE(cut_off.value, score.objective);
    const ExactItemsResult full = ExactItems(ProblemFacts(problem, graph), &incumbent, 3'000'000);
    const ExactItemsResult fresh = ExactItems(ProblemFacts(problem, graph), nullptr, 3'000'000);
    EXPECT_LE(cut_off.lower, full.value);
    if (full.proved && fresh.proved) {
      EXPECT_EQ(full.value, fresh.value);
    }
  }
}

TEST(BranchBoundTest, SolvesTwentyItemsWithoutChannels) {
  Random random(21);
  int proved = 0;
  for (int round = 0; round < 10; ++round) {
    SmallProblemOptions options;
    options.min_items = options.max_items = 20;
    options.edge_percent = 40;
    options.objective = PlacementObjective::kLatency;
    options.communication = Communication::kDelay;
    options.max_effort = 1000;
    const PlacementProblem problem = SmallProblem(random, options);
    const ProblemGraph graph = BuildGraph(problem);
    const SolveResult result = RunSolver("branch-bound", problem, graph, 2'000'000);
    proved += result.termination == Termination::kOptimal ? 1 : 0;
  }
  EXPECT_GE(proved, 8);
}

TEST(BranchBoundTest, RefusesLargeProblems) {
  PlacementProblem problem;
  problem.devices.Add({"d", 1, 0});
  for (int i = 0; i < 70; ++i) {
    problem.items.Add({"i", 0, 0, IdVector<DeviceId, std::optional<Picos>>(1, Picos{1})});
  }
  const ProblemGraph graph = BuildGraph(problem);
  const auto solver = BuiltinSolvers().Find("branch-bound")->make("");
  const SolveLimits limits;
  const auto result =
      Solve(**solver, "branch-bound", SolveInput{problem, graph, limits, nullptr, {}});
  EXPECT_EQ(result.status().message(), "branch-bound: 70 items are more than 64");
}

class ExactPartsTest : public ::testing::TestWithParam<int> {};

TEST_P(ExactPartsTest, EqualsTheOracle) {
  Random random(200 + static_cast<uint64_t>(GetParam()));
  int feasible = 0;
  for (int round = 0; round < 400; ++round) {
    SmallProblemOptions options;
    options.max_items = round % 10 == 0 ? 6 : 5;
    options.max_devices = round % 10 == 0 ? 2 : 3;
    options.communication = static_cast<Communication>(GetParam());
    options.memory = round % 3 == 1;
    options.groups = round % 3 == 2;
    options.edge_percent = 15 + 15 * (round % 5);
    const PlacementProblem problem = SmallProblem(random, options);
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<PartedSolution> oracle = BestParts(problem, graph);
    const std::optional<PartedSolution> exact = ExactParts(problem, graph, nullptr, 20'000'000);
    ASSERT_EQ(exact.has_value(), oracle.has_value()) << "round " << round;
    if (!oracle.has_value()) continue;
    ++feasible;
    ASSERT_EQ(exact->score.objective, oracle->score.objective) << "round " << round;
    const Score again = EvaluateParts(problem, exact->items, exact->parts);
    ASSERT_TRUE(again.feasible);
    ASSERT_EQ(again.objective, exact->score.objective);
    // From an incumbent the same value comes out.
    const std::optional<PartedSolution> kept = ExactParts(problem, graph, &*oracle, 20'000'000);
    ASSERT_TRUE(kept.has_value());
    EXPECT_EQ(kept->score.objective, oracle->score.objective);
  }
  EXPECT_GT(feasible, 250);
}

INSTANTIATE_TEST_SUITE_P(AllCommunications, ExactPartsTest, ::testing::Values(0, 1, 2));

TEST(ExactPartsTest, SolvesSixteenItemsThatLaunchesHoldTogether) {
  // Two chains of seven items of 5 between two others: 20 to launch and 10 to move are more than
  // the other device could save by taking one.
  PlacementProblem problem;
  problem.communication = Communication::kDelay;
  for (int d = 0; d < 2; ++d) problem.devices.Add({"d", 1'000'000, 20});
  problem.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(
      2, IdVector<DeviceId, std::optional<Route>>(2, Route{{{10, kPicosPerSecond}}, {}}));
  for (int i = 0; i < 16; ++i) {
    problem.items.Add(
        {"i", 0, 0, IdVector<DeviceId, std::optional<Picos>>(2, std::optional<Picos>(5))});
  }
  for (int32_t i = 1; i < 15; ++i) {
    problem.flows.Add({ItemId(std::max(0, i - 2)), {ItemId(i)}, 0, {}});
  }
  for (int32_t i = 13; i < 15; ++i) problem.flows.Add({ItemId(i), {ItemId(15)}, 0, {}});
  const ProblemGraph graph = BuildGraph(problem);
  const std::optional<PartedSolution> best = ExactParts(problem, graph, nullptr, 2'000'000);
  ASSERT_TRUE(best.has_value());
  EXPECT_EQ(best->score.objective, 20 + 16 * 5);
  EXPECT_EQ(best->parts.num_parts, 1u);
  problem.items.Add(problem.items[ItemId(0)]);
  EXPECT_FALSE(ExactParts(problem, BuildGraph(problem), nullptr, 2'000'000).has_value());
}

// Modules of a few items between cut vertices, some modules alike.
PlacementProblem RandomChain(Random& random, int modules, bool alike) {
  SmallProblemOptions options;
  options.min_items = options.max_items = 1;
  options.objective = PlacementObjective::kLatency;
  PlacementProblem problem = SmallProblem(random, options);
  problem.flows.clear();
  const size_t num_devices = problem.devices.size();
  ItemId before(0);
  const uint64_t seed = random.Next();
  for (int m = 0; m < modules; ++m) {
    Random own(alike ? seed : random.Next());
    const auto add = [&] {
      PlacementProblem::Item item;
      item.time = IdVector<DeviceId, std::optional<Picos>>(num_devices);
      for (std::optional<Picos>& time : item.time) time = own.Below(20);
      return problem.items.Add(item);
    };
    std::vector<ItemId> middle;
    const int64_t width = own.Below(3);
    for (int64_t i = 0; i < width; ++i) middle.push_back(add());
    const ItemId after = add();
    PlacementProblem::Flow flow{before, middle, own.Below(6), {}};
    if (middle.empty() || own.Below(2) == 0) flow.to.push_back(after);
    problem.flows.Add(flow);
    if (own.Below(3) == 0) problem.flows.Add({before, {after}, own.Below(6), {}});
    if (middle.size() == 2 && own.Below(2) == 0) {
      problem.flows.Add({middle[0], {middle[1], after}, own.Below(6), {}});
    } else if (!middle.empty()) {
      problem.flows.Add({middle[0], {after}, own.Below(6), {}});
    }
    if (middle.size() == 2) problem.flows.Add({middle[1], {after}, own.Below(6), {}});
    before = after;
  }
  return problem;
}

TEST(ChainDpTest, EqualsTryingEverything) {
  Random random(31);
  int optimal = 0, rounds = 0;
  for (int round = 0; round < 500; ++round) {
    PlacementProblem problem = RandomChain(random, 2, round % 2 == 0);
    if (problem.items.size() > 6) continue;
    ASSERT_TRUE(Check(problem).ok());
    const ProblemGraph graph = BuildGraph(problem);
    const SolveResult result = RunSolver("chain-dp", problem, graph, 1'000'000);
    const std::optional<Picos> optimum = ExhaustiveOptimum(problem, graph);
    ASSERT_TRUE(optimum.has_value());
    ++rounds;
    ASSERT_EQ(result.termination, Termination::kOptimal) << "round " << round;
    ASSERT_EQ(result.score.objective, *optimum) << "round " << round;
    ++optimal;
  }
  EXPECT_GT(rounds, 200);
  EXPECT_EQ(optimal, rounds);
}

TEST(ChainDpTest, BoundHoldsWhereMemoryBindsAndOnAnyGraph) {
  Random random(33);
  int claimed = 0;
  for (int round = 0; round < 600; ++round) {
    SmallProblemOptions options;
    options.objective = PlacementObjective::kLatency;
    options.memory = round % 2 == 0;
    options.groups = round % 2 == 1;
    options.edge_percent = 60;
    const PlacementProblem problem = SmallProblem(random, options);
    const ProblemGraph graph = BuildGraph(problem);
    const SolveResult result = RunSolver("chain-dp", problem, graph, 1'000'000);
    const std::optional<Picos> optimum = ExhaustiveOptimum(problem, graph);
    if (!optimum.has_value()) {
      EXPECT_FALSE(result.best.has_value());
      continue;
    }
    ASSERT_NE(result.termination, Termination::kInfeasible);
    ASSERT_LE(result.lower_bound.value, *optimum);
    if (result.termination != Termination::kOptimal) continue;
    ++claimed;
    ASSERT_EQ(result.score.objective, *optimum) << "round " << round;
  }
  EXPECT_GT(claimed, 250);
}

TEST(ChainDpTest, LongChainsOfLikeModulesAreSearchedOnce) {
  Random random(35);
  PlacementProblem problem = RandomChain(random, 3000, true);
  const ProblemGraph graph = BuildGraph(problem);
  const SolveResult result = RunSolver("chain-dp", problem, graph, 200'000);
  EXPECT_EQ(result.termination, Termination::kOptimal);
  EXPECT_LT(result.work, 200'000);
}

TEST(ChainDpTest, LeavesThroughputToOthers) {
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  problem.devices.Add({"d", 1, 0});
  const ProblemGraph graph = BuildGraph(problem);
  const auto solver = BuiltinSolvers().Find("chain-dp")->make("");
  const SolveLimits limits;
  const auto result = Solve(**solver, "chain-dp", SolveInput{problem, graph, limits, nullptr, {}});
  EXPECT_EQ(result.status().message(), "chain-dp: only latency decomposes at cut vertices");
}

}  // namespace
}  // namespace allot
