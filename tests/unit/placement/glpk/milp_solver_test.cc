// Optima of the MILP solver against trying everything.
#include "placement/glpk/add_milp_solver.h"

#include <memory>
#include <optional>

#include "gtest/gtest.h"

#include "placement/solver.h"
#include "tests/unit/placement/exact/exhaustive.h"

namespace allot {
namespace {

SolveResult RunMilp(const PlacementProblem& problem, const ProblemGraph& graph,
                    const Solution* incumbent) {
  Registry<PlacementSolver> solvers;
  AddMilpSolver(solvers);
  const auto solver = solvers.Find("milp")->make("nodes=20000");
  const SolveLimits limits;
  const auto result = Solve(**solver, "milp", SolveInput{problem, graph, limits, incumbent, {}});
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : SolveResult();
}

TEST(MilpTest, EqualsTryingEverything) {
  Random random(61);
  int optimal = 0, exact = 0;
  for (int round = 0; round < 360; ++round) {
    SmallProblemOptions options;
    options.max_items = 5;
    options.memory = round % 3 == 1;
    options.groups = round % 3 == 2;
    const PlacementProblem problem = SmallProblem(random, options);
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<Picos> optimum = ExhaustiveOptimum(problem, graph);
    const SolveResult result = RunMilp(problem, graph, nullptr);
    if (!optimum.has_value()) {
      ASSERT_FALSE(result.best.has_value());
      continue;
    }
    ASSERT_NE(result.termination, Termination::kInfeasible) << "round " << round;
    ASSERT_LE(result.lower_bound.value, *optimum) << "round " << round;
    if (result.best.has_value()) {
      ASSERT_GE(result.score.objective, *optimum);
    }
    // Where the model is exact, the optimum must be found and proven.
    const bool whole = problem.objective == PlacementObjective::kThroughput ||
                       problem.communication == Communication::kDelay;
    if (whole && !options.memory) {
      ++exact;
      ASSERT_EQ(result.termination, Termination::kOptimal) << "round " << round;
      ASSERT_EQ(result.score.objective, *optimum) << "round " << round;
    }
    optimal += result.termination == Termination::kOptimal ? 1 : 0;
  }
  EXPECT_GT(exact, 100);
  EXPECT_GT(optimal, exact);
}

TEST(MilpTest, SameBytesTwice) {
  Random random(62);
  SmallProblemOptions options;
  options.min_items = options.max_items = 7;
  options.communication = Communication::kDelay;
  for (int round = 0; round < 5; ++round) {
    const PlacementProblem problem = SmallProblem(random, options);
    const ProblemGraph graph = BuildGraph(problem);
    const SolveResult a = RunMilp(problem, graph, nullptr), b = RunMilp(problem, graph, nullptr);
    EXPECT_EQ(a.best, b.best);
    EXPECT_EQ(a.lower_bound.value, b.lower_bound.value);
    EXPECT_EQ(a.work, b.work);
  }
}

}  // namespace
}  // namespace allot
