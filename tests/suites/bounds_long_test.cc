// More than ten thousand random problems of every kind against all placements: no bound above the
// optimum, no answer below it, no claim that is not so.
#include <limits>

#include "gtest/gtest.h"

#include "placement/exact/brute_force_parts.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/solver.h"
#include "tests/models/random_problem.h"
#include "tools/program_registries.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;
using testing::RandomStagedOptions;

// Lets the first item feed all others and the last be fed by all.
void Enclose(PlacementProblem& problem) {
  const std::vector<ItemId> order = BuildGraph(problem).topological;
  const ItemId first = order.front(), last = order.back();
  for (const bool ahead : {true, false}) {
    for (const ItemId item : problem.items.ids()) {
      if (item == first || item == last) continue;
      PlacementProblem::Flow flow;
      flow.from = ahead ? first : item;
      flow.to = {ahead ? item : last};
      flow.bytes = item.index();
      problem.flows.Add(std::move(flow));
    }
  }
}

TEST(BoundsLongTest, NoneExceedsTheOptimum) {
  const Registry<PlacementSolver> registry = ProgramRegistries().solvers;
  const auto solver = registry.Find("auto")->make("");
  ASSERT_TRUE(solver.ok()) << solver.status();
  int known = 0, infeasible = 0, proved = 0;
  for (uint64_t seed = 1; seed <= 15'000; ++seed) {
    const RandomProblemOptions options = seed % 2 == 0 ? RandomOptions(seed + 1'000'000, 6)
                                                       : RandomStagedOptions(seed + 1'000'000, 6);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed + 1'000'000, options);
    ASSERT_TRUE(Check(problem).ok()) << Check(problem);
    const ProblemGraph graph = BuildGraph(problem);
    int64_t spent = 0;
    bool complete = true;
    const std::optional<Solution> best =
        BestByEnumeration(problem, graph, std::numeric_limits<Picos>::max(),
                          std::numeric_limits<int64_t>::max(), spent, complete);
    const SolveLimits limits{.work = 4'000, .seed = seed, .solvers = &registry};
    const auto result = Solve(**solver, "auto", SolveInput{problem, graph, limits, nullptr, {}});
    ASSERT_TRUE(result.ok()) << result.status();
    if (!best.has_value()) {
      ASSERT_FALSE(result->best.has_value());
      ++infeasible;
      continue;
    }
    ++known;
    const Picos optimum = Evaluate(problem, graph, *best).objective;
    for (const LowerBound& bound : LowerBounds(problem, graph, Launch::kIgnore, 4'000)) {
      ASSERT_LE(bound.value, optimum) << bound.name;
    }
    ASSERT_LE(result->lower_bound.value, optimum) << result->lower_bound.name;
    ASSERT_NE(result->termination, Termination::kInfeasible);
    if (!result->best.has_value()) continue;
    ASSERT_GE(result->score.objective, optimum);
    if (result->termination == Termination::kOptimal) {
      ASSERT_EQ(result->score.objective, optimum);
      ++proved;
    }
  }
  // The sweep covers what it should.
  EXPECT_GT(known, 10'000);
  EXPECT_GT(infeasible, 50);
  EXPECT_GT(proved, 5'000);
}

// The same at part level: a fork between two items, or anything, on up to seven items.
TEST(BoundsLongTest, NoneExceedsTheBestParts) {
  int known = 0, tight = 0, contradictions = 0;
  for (uint64_t seed = 1; seed <= 6'000; ++seed) {
    RandomProblemOptions options = RandomOptions(seed + 2'000'000, seed % 8 == 0 ? 7 : 6);
    options.part_costs = true;
    options.launch_on_arrival = seed % 3 == 0;
    if (seed % 4 != 0) options.objective = PlacementObjective::kLatency;
    PlacementProblem problem = RandomProblem(seed + 2'000'000, options);
    if (seed % 2 == 0 && problem.items.size() > 2) Enclose(problem);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    ASSERT_TRUE(Check(problem).ok()) << Check(problem);
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<PartedSolution> best = BestParts(problem, graph);
    if (!best.has_value()) continue;
    ++known;
    const Picos optimum = best->score.objective;
    for (const int64_t work : {1'000, 100'000}) {
      const std::vector<LowerBound> bounds = LowerBounds(problem, graph, Launch::kPerGroup, work);
      for (const LowerBound& bound : bounds) ASSERT_LE(bound.value, optimum) << bound.name;
      if (work < 100'000) continue;
      tight += bounds[0].value == optimum ? 1 : 0;
      contradictions += bounds[0].name == "contradiction" ? 1 : 0;
    }
  }
  EXPECT_GT(known, 4'000);
  EXPECT_GT(tight, known / 2);
  EXPECT_GT(contradictions, known / 10);
}

}  // namespace
}  // namespace allot
