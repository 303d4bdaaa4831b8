// Every solver in the registry on problems of every kind: what conformance.h asks of all of them.
#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "placement/solver.h"
#include "tests/models/random_problem.h"
#include "tests/suites/conformance.h"
#include "tools/program_registries.h"

namespace allot {
namespace {

using testing::Describe;
using testing::Examine;
using testing::FindTruth;
using ::testing::IsEmpty;
using testing::RandomLoadOptions;
using testing::RandomOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;
using testing::RandomStagedOptions;
using testing::Truth;
using testing::Verdict;
using testing::WorkAllowance;

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

  // Holds the solver's answers to one problem against the truth. Returns whether it was solved.
  bool CheckAgainst(const PlacementProblem& problem, const Truth& truth, int64_t work) const {
    SolveLimits limits{work, 3, 1};
    limits.solvers = &registry_;
    const Verdict verdict = Examine(*solver_, GetParam(), problem, truth, limits);
    EXPECT_THAT(verdict.faults, IsEmpty());
    refused_ += verdict.refused ? 1 : 0;
    return verdict.solved;
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
    solved += CheckAgainst(problem, FindTruth(problem, BuildGraph(problem)), 20'000) ? 1 : 0;
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
    CheckAgainst(problem, FindTruth(problem, BuildGraph(problem)), 20'000);
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
    solved += CheckAgainst(problem, FindTruth(problem, BuildGraph(problem)), 50'000) ? 1 : 0;
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
    CheckAgainst(problem, FindTruth(problem, BuildGraph(problem)), 20'000);
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
    CheckAgainst(problem, FindTruth(problem, BuildGraph(problem)), 20'000);
  }
}

TEST_P(SolverSuite, OneItemAndNone) {
  RandomProblemOptions options;
  options.items = 1;
  const PlacementProblem one = RandomProblem(5, options);
  CheckAgainst(one, FindTruth(one, BuildGraph(one)), 1'000);
  options.items = 0;
  options.groups = false;
  const PlacementProblem none = RandomProblem(5, options);
  CheckAgainst(none, FindTruth(none, BuildGraph(none)), 1'000);
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

// Whatever the limit, large problems and small, a first answer included.
TEST_P(SolverSuite, WorkStaysWithinItsLimit) {
  for (const int64_t items : {1, 12, 60, 400}) {
    for (uint64_t seed = 1; seed <= 15; ++seed) {
      RandomProblemOptions options = seed % 3 == 0   ? RandomOptions(seed, items)
                                     : seed % 3 == 1 ? RandomStagedOptions(seed, items)
                                                     : RandomLoadOptions(seed, items);
      options.items = options.training ? (items + 1) / 2 : items;
      const PlacementProblem problem = RandomProblem(seed, options);
      const ProblemGraph graph = BuildGraph(problem);
      for (const int64_t work : {0, 1, 1'000, 50'000}) {
        const absl::StatusOr<SolveResult> result = Run(problem, graph, {work, 3, 1});
        if (!result.ok()) continue;
        EXPECT_LE(result->work, work + WorkAllowance(GetParam(), problem, work))
            << work << " units, " << Describe(options);
      }
    }
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
