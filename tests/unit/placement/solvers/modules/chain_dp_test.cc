// Chains of modules: solved as a whole and piece by piece, what is proved of them, and what a
// search tells on its way.
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "placement/exact/exact_items.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/solver.h"
#include "tests/models/random_modular.h"

namespace allot {
namespace {

SolveResult RunSolver(const std::string& name, const PlacementProblem& problem,
                      const ProblemGraph& graph, const SolveLimits& limits) {
  const auto solver = BuiltinSolvers().Find(name)->make("");
  const absl::StatusOr<SolveResult> result =
      Solve(**solver, name, SolveInput{problem, graph, limits});
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : SolveResult();
}

testing::RandomModularOptions SmallChain(uint64_t seed) {
  testing::RandomModularOptions options;
  options.stages = 2;
  options.nodes = 6;
  options.devices = 2 + static_cast<int64_t>(seed % 2);
  options.communication_to_compute = 50 + 50 * static_cast<int64_t>(seed % 4);
  options.communication = seed % 3 == 0 ? Communication::kLink : Communication::kDelay;
  return options;
}

TEST(ChainDpTest, FindsWhatTheWholeSearchFinds) {
  for (uint64_t seed = 0; seed < 24; ++seed) {
    const PlacementProblem problem = testing::RandomModularProblem(seed, SmallChain(seed));
    ASSERT_TRUE(Check(problem).ok());
    const ProblemGraph graph = BuildGraph(problem);
    const ExactItemsResult whole = ExactItems(ProblemFacts(problem, graph), nullptr, 3'000'000);
    ASSERT_TRUE(whole.proved) << seed;
    SolveLimits limits;
    limits.work = 3'000'000;
    const SolveResult chain = RunSolver("chain-dp", problem, graph, limits);
    EXPECT_EQ(chain.termination, Termination::kOptimal) << seed;
    EXPECT_EQ(chain.score.objective, whole.value) << seed;
  }
}

TEST(ChainDpTest, ItsBoundsHoldWhenWorkRunsOut) {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const PlacementProblem problem = testing::RandomModularProblem(seed, SmallChain(seed));
    const ProblemGraph graph = BuildGraph(problem);
    const ExactItemsResult whole = ExactItems(ProblemFacts(problem, graph), nullptr, 3'000'000);
    ASSERT_TRUE(whole.proved) << seed;
    for (const int64_t work : {1, 1'000, 10'000}) {
      SolveLimits limits;
      limits.work = work;
      const SolveResult chain = RunSolver("chain-dp", problem, graph, limits);
      ASSERT_TRUE(chain.best.has_value()) << seed;
      EXPECT_GE(chain.score.objective, whole.value) << seed;
      EXPECT_LE(chain.lower_bound.value, whole.value) << seed;
    }
  }
}

TEST(ChainDpTest, ExactSearchBelowALimitFindsOnlyWhatIsBelow) {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const PlacementProblem problem = testing::RandomModularProblem(seed, SmallChain(seed));
    const ProblemGraph graph = BuildGraph(problem);
    const ExactItemsResult whole = ExactItems(ProblemFacts(problem, graph), nullptr, 3'000'000);
    ASSERT_TRUE(whole.proved) << seed;
    const ExactItemsResult none =
        ExactItems(ProblemFacts(problem, graph), nullptr, 3'000'000, whole.value);
    EXPECT_TRUE(none.proved) << seed;
    EXPECT_FALSE(none.solution.has_value()) << seed;
    EXPECT_EQ(none.lower, whole.value) << seed;
    const ExactItemsResult same =
        ExactItems(ProblemFacts(problem, graph), nullptr, 3'000'000, whole.value + 1);
    EXPECT_EQ(same.value, whole.value) << seed;
  }
}

TEST(ChainDpTest, BoundsOfForksAndJoinsComeCloseWherePathsDoNot) {
  Int128 optimum = 0, chain = 0, path = 0, load = 0;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    testing::RandomModularOptions options;
    options.nodes = 12;
    const PlacementProblem problem = testing::RandomModularProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    SolveLimits limits;
    limits.work = 3'000'000;
    const SolveResult best = RunSolver("chain-dp", problem, graph, limits);
    ASSERT_EQ(best.termination, Termination::kOptimal) << seed;
    optimum += best.score.objective;
    for (const LowerBound& bound : LowerBounds(problem, graph, Launch::kIgnore, 10'000'000)) {
      EXPECT_LE(bound.value, best.score.objective) << seed << ' ' << bound.name;
      if (bound.name == "interval-chain") chain += bound.value;
      if (bound.name == "critical-path") path += bound.value;
      if (bound.name == "load") load += bound.value;
    }
  }
  EXPECT_GT(chain * 100, optimum * 92);
  EXPECT_LT(path * 100, optimum * 85);
  EXPECT_LT(load * 100, optimum * 85);
}

TEST(ProgressTest, TellsOfImprovementsAndChangesNothing) {
  for (const std::string name : {"auto", "chain-dp", "modular"}) {
    testing::RandomModularOptions options;
    options.stages = 2;
    options.nodes = 28;
    const PlacementProblem problem = testing::RandomModularProblem(5, options);
    const ProblemGraph graph = BuildGraph(problem);
    SolveLimits limits;
    limits.work = 200'000;
    const SolveResult silent = RunSolver(name, problem, graph, limits);
    std::vector<Picos> values, bounds;
    limits.progress = [&](Picos value, Picos bound, int64_t) {
      values.push_back(value);
      bounds.push_back(bound);
    };
    const SolveResult told = RunSolver(name, problem, graph, limits);
    EXPECT_EQ(*told.best, *silent.best) << name;
    EXPECT_EQ(told.lower_bound.value, silent.lower_bound.value) << name;
    ASSERT_FALSE(values.empty()) << name;
    for (size_t i = 1; i < values.size(); ++i) {
      EXPECT_GE(bounds[i], bounds[i - 1]) << name;
      if (values[i - 1] < 0) continue;
      EXPECT_LE(values[i], values[i - 1]) << name;
    }
    EXPECT_EQ(values.back(), told.score.objective) << name;
    EXPECT_LE(bounds.back(), told.score.objective) << name;
    // On several threads the same answer comes.
    limits.threads = 3;
    EXPECT_EQ(*RunSolver(name, problem, graph, limits).best, *silent.best) << name;
  }
}

}  // namespace
}  // namespace allot
