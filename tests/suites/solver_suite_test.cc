// What every solver in the registry must do, whatever it is: answers that verify, no answer better
// than the best there is, the same answer again, bounds that hold, and honesty about what it did
// not find.
#include <algorithm>
#include <limits>

#include "gtest/gtest.h"

#include "placement/brute_force_parts.h"
#include "placement/evaluator.h"
#include "placement/solver.h"
#include "placement/verify.h"
#include "tests/models/random_problem.h"
#include "tools/program_registries.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;
using testing::RandomStagedOptions;

struct Oracle {
  std::optional<Score> best;
};

Oracle Ask(const PlacementProblem& problem, const ProblemGraph& graph) {
  int64_t spent = 0;
  bool complete = true;
  const std::optional<Solution> solution =
      BestByEnumeration(problem, graph, std::numeric_limits<Picos>::max(),
                        std::numeric_limits<int64_t>::max(), spent, complete);
  EXPECT_TRUE(complete);
  Oracle oracle;
  if (solution.has_value()) oracle.best = Evaluate(problem, graph, *solution);
  return oracle;
}

class SolverSuite : public ::testing::TestWithParam<std::string> {
 protected:
  SolverSuite() : registry_(ProgramRegistries().solvers) {
    absl::StatusOr<std::unique_ptr<PlacementSolver>> made = registry_.Find(GetParam())->make("");
    EXPECT_TRUE(made.ok()) << made.status();
    solver_ = *std::move(made);
  }

  absl::StatusOr<SolveResult> Run(const PlacementProblem& problem, const ProblemGraph& graph,
                                  SolveLimits limits, const Solution* incumbent = nullptr) const {
    limits.solvers = &registry_;
    return Solve(*solver_, GetParam(), SolveInput{problem, graph, limits, incumbent, {}});
  }

  // Solves one problem and holds the answer against the oracle. Returns whether it was solved.
  bool CheckAgainst(const PlacementProblem& problem, const Oracle& oracle, int64_t work) const {
    const ProblemGraph graph = BuildGraph(problem);
    const SolveLimits limits{work, 3, 1};
    const absl::StatusOr<SolveResult> result = Run(problem, graph, limits);
    if (!result.ok()) {
      // A solver may refuse problems of other kinds; it may not break.
      EXPECT_NE(result.status().code(), absl::StatusCode::kInternal) << result.status();
      ++refused_;
      return false;
    }
    if (result->lower_bound.value > 0 && oracle.best.has_value()) {
      EXPECT_LE(result->lower_bound.value, oracle.best->objective) << result->lower_bound.name;
    }
    if (!result->best.has_value()) {
      if (result->termination == Termination::kInfeasible) {
        EXPECT_FALSE(oracle.best.has_value()) << "claims that there is no solution";
      } else {
        EXPECT_EQ(result->termination, Termination::kNoSolutionFound);
      }
      return false;
    }
    if (!oracle.best.has_value()) {
      ADD_FAILURE() << "found a solution where there is none";
      return false;
    }
    const Score score = Evaluate(problem, graph, *result->best);
    EXPECT_TRUE(score.feasible);
    EXPECT_EQ(score.objective, result->score.objective);
    EXPECT_GE(score.objective, oracle.best->objective);
    if (result->termination == Termination::kOptimal) {
      EXPECT_EQ(score.objective, oracle.best->objective);
    }
    EXPECT_TRUE(
        Verify(problem, *result->best, Simulate(problem, graph, *result->best), score.objective)
            .ok());
    // Again, and with other threads: the same to the last item.
    const absl::StatusOr<SolveResult> again = Run(problem, graph, SolveLimits{work, 3, 2});
    EXPECT_TRUE(again.ok()) << again.status();
    if (again.ok()) {
      EXPECT_EQ(again->best, result->best);
      EXPECT_EQ(again->termination, result->termination);
      EXPECT_EQ(again->work, result->work);
      EXPECT_EQ(again->solver, result->solver);
      EXPECT_EQ(again->lower_bound.value, result->lower_bound.value);
    }
    return true;
  }

  Registry<PlacementSolver> registry_;
  std::unique_ptr<PlacementSolver> solver_;
  mutable int refused_ = 0;  // of the problems held against the oracle
};

TEST_P(SolverSuite, AnswersHoldOnProblemsOfEveryKind) {
  int solved = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    const RandomProblemOptions options = RandomOptions(seed, 6);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    ASSERT_TRUE(Check(problem).ok()) << Check(problem);
    solved += CheckAgainst(problem, Ask(problem, BuildGraph(problem)), 20'000) ? 1 : 0;
    if (HasFailure()) return;
  }
  // Who takes any of them must solve some.
  EXPECT_TRUE(solved > 0 || refused_ == 150);
}

TEST_P(SolverSuite, SolvesSomething) {
  int solved = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    for (const RandomProblemOptions& options :
         {RandomOptions(seed, 6), RandomStagedOptions(seed, 6)}) {
      const PlacementProblem problem = RandomProblem(seed, options);
      const absl::StatusOr<SolveResult> result = Run(problem, BuildGraph(problem), {20'000, 3, 1});
      solved += result.ok() && result->best.has_value() ? 1 : 0;
    }
  }
  EXPECT_GT(solved, 0);
}

TEST_P(SolverSuite, AnswersHoldWithStagingContiguityTrainingAndCalls) {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    const RandomProblemOptions options = RandomStagedOptions(seed, 6);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    ASSERT_TRUE(Check(problem).ok()) << Check(problem);
    CheckAgainst(problem, Ask(problem, BuildGraph(problem)), 20'000);
    if (HasFailure()) return;
  }
}

TEST_P(SolverSuite, LinkLatencyWithoutMemory) {
  int solved = 0;
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    RandomProblemOptions options;
    options.items = 7;
    options.devices = seed % 5 == 0 ? 2 : 3;  // some solvers know two only
    options.missing_routes = 0;
    options.absent_times = 0;
    options.groups = false;
    const PlacementProblem problem = RandomProblem(seed, options);
    solved += CheckAgainst(problem, Ask(problem, BuildGraph(problem)), 50'000) ? 1 : 0;
    if (HasFailure()) return;
  }
  // Nothing here is odd: who takes such problems at all solves some.
  EXPECT_TRUE(solved > 0 || refused_ == 25);
}

TEST_P(SolverSuite, KeepsPins) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    RandomProblemOptions options;
    options.items = 5;
    options.missing_routes = 0;
    options.groups = false;
    PlacementProblem problem = RandomProblem(seed, options);
    // One item is pinned to the last device, another to the first.
    for (DeviceId d(0); d < DeviceId(2); d = DeviceId(d.index() + 1)) {
      problem.items[ItemId(2)].time[d].reset();
    }
    problem.items[ItemId(2)].time[DeviceId(2)] = 11;
    problem.items[ItemId(4)].time[DeviceId(0)] = 7;
    problem.items[ItemId(4)].time[DeviceId(1)].reset();
    problem.items[ItemId(4)].time[DeviceId(2)].reset();
    CheckAgainst(problem, Ask(problem, BuildGraph(problem)), 20'000);
    if (HasFailure()) return;
  }
}

TEST_P(SolverSuite, MemoryForNothingHasNoAnswer) {
  RandomProblemOptions options;
  options.memory = true;
  options.groups = false;
  PlacementProblem problem = RandomProblem(1, options);
  for (PlacementProblem::Item& item : problem.items) item.memory = 10;
  problem.shared.clear();
  for (PlacementProblem::MachineDevice& device : problem.devices) device.memory = 9;
  const absl::StatusOr<SolveResult> result = Run(problem, BuildGraph(problem), {20'000, 1, 1});
  if (!result.ok()) {
    EXPECT_NE(result.status().code(), absl::StatusCode::kInternal) << result.status();
    return;
  }
  EXPECT_FALSE(result->best.has_value());
  EXPECT_TRUE(result->termination == Termination::kInfeasible ||
              result->termination == Termination::kNoSolutionFound);
}

TEST_P(SolverSuite, PairsWithoutRouteAreNotUsed) {
  for (const PlacementObjective objective :
       {PlacementObjective::kLatency, PlacementObjective::kThroughput}) {
    RandomProblemOptions options;
    options.objective = objective;
    options.missing_routes = 100;
    options.measured_flows = 0;
    options.absent_times = 0;
    options.groups = false;
    const PlacementProblem problem = RandomProblem(4, options);
    CheckAgainst(problem, Ask(problem, BuildGraph(problem)), 20'000);
  }
}

TEST_P(SolverSuite, OneItemAndNone) {
  RandomProblemOptions options;
  options.items = 1;
  const PlacementProblem one = RandomProblem(5, options);
  CheckAgainst(one, Ask(one, BuildGraph(one)), 1'000);
  options.items = 0;
  options.groups = false;
  const PlacementProblem none = RandomProblem(5, options);
  CheckAgainst(none, Ask(none, BuildGraph(none)), 1'000);
}

TEST_P(SolverSuite, SmallWorkIsEnoughToReturn) {
  RandomProblemOptions options;
  options.items = 300;
  options.memory = false;
  const PlacementProblem problem = RandomProblem(6, options);
  const ProblemGraph graph = BuildGraph(problem);
  for (const int64_t work : {0, 1, 1'000, 100'000}) {
    const absl::StatusOr<SolveResult> result = Run(problem, graph, {work, 1, 1});
    EXPECT_NE(result.status().code(), absl::StatusCode::kInternal) << result.status();
  }
}

TEST_P(SolverSuite, RefusesWhatIsNoProblem) {
  PlacementProblem problem = RandomProblem(7, {});
  problem.flows.Add({ItemId(0), {ItemId(99)}, 1, {}});
  EXPECT_EQ(Run(problem, ProblemGraph(), {1'000, 1, 1}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(SolverSuite, UnknownOptionsAreErrors) {
  EXPECT_FALSE(registry_.Find(GetParam())->make("no-such-option=1").ok());
  EXPECT_FALSE(registry_.Find(GetParam())->summary.empty());
}

INSTANTIATE_TEST_SUITE_P(All, SolverSuite, ::testing::ValuesIn(ProgramRegistries().solvers.names()),
                         [](const ::testing::TestParamInfo<std::string>& param) {
                           std::string name = param.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace allot
