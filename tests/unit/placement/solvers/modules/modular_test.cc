// The modular solver: legal, repeatable, near the optimum on small problems and not worse than a
// list schedule on large ones.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "placement/solver.h"
#include "placement/solvers/local_search/windows.h"
#include "placement/solvers/modules/beam.h"
#include "tests/unit/placement/exact/exhaustive.h"

namespace allot {
namespace {

SolveResult RunSolver(const std::string& name, const PlacementProblem& problem,
                      const ProblemGraph& graph, int64_t work,
                      std::vector<int32_t> module_of = {}) {
  const auto solver = BuiltinSolvers().Find(name)->make("");
  SolveLimits limits;
  limits.work = work;
  const absl::StatusOr<SolveResult> result =
      Solve(**solver, name, SolveInput{problem, graph, limits, nullptr, std::move(module_of)});
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : SolveResult();
}

// Layers of branches that come together again now and then, on four unlike devices.
PlacementProblem LayeredProblem(Random& random, int32_t num_items) {
  PlacementProblem problem;
  problem.communication = Communication::kLink;
  for (int d = 0; d < 4; ++d) problem.devices.Add({"d", 1'000'000'000, 200});
  problem.num_channels = 2;
  problem.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(
      4,
      IdVector<DeviceId, std::optional<Route>>(4, Route{{{300, kPicosPerSecond}}, {ChannelId(0)}}));
  problem.routes[DeviceId(2)][DeviceId(3)]->channels = {ChannelId(1)};
  for (int32_t i = 0; i < num_items; ++i) {
    PlacementProblem::Item item{"i", 1, 0, IdVector<DeviceId, std::optional<Picos>>(4)};
    for (std::optional<Picos>& time : item.time) time = random.Between(200, 2000);
    const ItemId id = problem.items.Add(item);
    if (i == 0) continue;
    const int32_t reach = i % 40 == 0 ? 1 : 4;
    const int32_t inputs = i % 40 == 0 ? 3 : 1;
    for (int32_t k = 0; k < inputs; ++k) {
      const auto from = static_cast<int32_t>(
          std::max<int64_t>(0, i - (inputs == 1 ? random.Between(1, reach) : k + 1)));
      if (k > 0 && from == 0) continue;
      problem.flows.Add({ItemId(from), {id}, random.Between(1, 500), {}});
    }
  }
  return problem;
}

TEST(ModularTest, IsLegalAndCloseToTheOptimumOnSmallProblems) {
  Random random(71);
  int solved = 0, optimal = 0;
  for (int round = 0; round < 600; ++round) {
    SmallProblemOptions options;
    options.max_items = 5;
    options.memory = round % 3 == 1;
    options.groups = round % 3 == 2;
    const PlacementProblem problem = SmallProblem(random, options);
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<Picos> optimum = ExhaustiveOptimum(problem, graph);
    const SolveResult result = RunSolver("modular", problem, graph, 20'000);
    if (!optimum.has_value()) {
      ASSERT_FALSE(result.best.has_value());
      continue;
    }
    if (!result.best.has_value()) continue;
    ++solved;
    ASSERT_GE(result.score.objective, *optimum);
    optimal += result.score.objective == *optimum ? 1 : 0;
  }
  EXPECT_GT(solved, 450);
  EXPECT_GT(optimal, solved * 9 / 10);
}

TEST(ModularTest, UsesGivenModulesAndIgnoresUselessOnes) {
  Random random(72);
  const PlacementProblem problem = LayeredProblem(random, 60);
  const ProblemGraph graph = BuildGraph(problem);
  std::vector<int32_t> given(60), backwards(60);
  for (int32_t i = 0; i < 60; ++i) {
    given[static_cast<size_t>(i)] = i / 10;
    backwards[static_cast<size_t>(i)] = 59 - i;
  }
  const SolveResult with = RunSolver("modular", problem, graph, 100'000, given);
  const SolveResult without = RunSolver("modular", problem, graph, 100'000);
  const SolveResult ignored = RunSolver("modular", problem, graph, 100'000, backwards);
  ASSERT_TRUE(with.best.has_value() && without.best.has_value());
  EXPECT_EQ(without.best, ignored.best);
}

TEST(ModularTest, SameAnswerTwice) {
  Random random(73);
  const PlacementProblem problem = LayeredProblem(random, 200);
  const ProblemGraph graph = BuildGraph(problem);
  const SolveResult a = RunSolver("modular", problem, graph, 200'000);
  const SolveResult b = RunSolver("modular", problem, graph, 200'000);
  EXPECT_EQ(a.best, b.best);
  EXPECT_EQ(a.work, b.work);
}

TEST(ModularTest, BeatsListSchedulesOnLargeProblems) {
  Random random(74);
  const PlacementProblem problem = LayeredProblem(random, 2000);
  const ProblemGraph graph = BuildGraph(problem);
  const SolveResult modular = RunSolver("modular", problem, graph, 400'000);
  const SolveResult heft = RunSolver("heft", problem, graph, 400'000);
  ASSERT_TRUE(modular.best.has_value() && heft.best.has_value());
  EXPECT_LE(modular.score.objective, heft.score.objective);
}

TEST(WindowsTest, NeverMakeASolutionWorseAndOftenBetter) {
  Random random(75);
  int better = 0;
  for (int round = 0; round < 40; ++round) {
    SmallProblemOptions options;
    options.min_items = 10;
    options.max_items = 30;
    options.edge_percent = 12;
    options.objective = PlacementObjective::kLatency;
    options.groups = round % 2 == 1;
    const PlacementProblem problem = SmallProblem(random, options);
    const ProblemGraph graph = BuildGraph(problem);
    const ProblemFacts facts(problem, graph);
    const BeamCosts costs(facts);
    std::vector<Bytes> capacity;
    for (const auto& device : problem.devices) capacity.push_back(device.memory);
    const Solution start = BeamSchedule(costs, graph.topological, 1, capacity);
    Evaluator evaluator(problem, graph);
    const SearchValue before = evaluator.Value(start);
    if (!before.feasible()) continue;
    int64_t spent = 0;
    const Solution improved =
        ImproveWindows(problem, graph, costs.paths, evaluator, start, {}, 10, 100'000, spent);
    const SearchValue after = evaluator.Value(improved);
    ASSERT_LE(after, before);
    EXPECT_GT(spent, 0);
    better += after.objective < before.objective ? 1 : 0;
  }
  EXPECT_GT(better, 10);
}

TEST(BeamTest, WiderBeamsAreBetterOnAverage) {
  Random random(76);
  Picos narrow = 0, wide = 0;
  for (int round = 0; round < 30; ++round) {
    const PlacementProblem problem = LayeredProblem(random, 80);
    const ProblemGraph graph = BuildGraph(problem);
    const ProblemFacts facts(problem, graph);
    const BeamCosts costs(facts);
    const std::vector<Bytes> capacity(4, 1'000'000'000);
    Evaluator evaluator(problem, graph);
    narrow += evaluator.Value(BeamSchedule(costs, graph.topological, 1, capacity)).objective;
    wide += evaluator.Value(BeamSchedule(costs, graph.topological, 32, capacity)).objective;
  }
  EXPECT_LT(wide, narrow);
}

}  // namespace
}  // namespace allot
