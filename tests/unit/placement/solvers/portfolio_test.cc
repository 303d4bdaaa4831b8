#include "placement/solvers/portfolio_phases.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "placement/solver.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What `auto` has asked of a volunteer.
struct Asked {
  int64_t work = 0;
  bool from_best = false;
};

// Takes part as it is told and answers with one placement, or nothing.
class Volunteer final : public PlacementSolver {
 public:
  Volunteer(std::optional<PortfolioPart> part, std::optional<Solution> answer,
            std::vector<Asked>* asked)
      : part_(part), answer_(std::move(answer)), asked_(asked) {}

  std::optional<PortfolioPart> portfolio() const override { return part_; }
  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    if (asked_ != nullptr) asked_->push_back({input.limits.work, input.incumbent != nullptr});
    SolveResult result;
    result.best = answer_;
    if (answer_.has_value()) result.termination = Termination::kFeasible;
    return result;
  }

 private:
  const std::optional<PortfolioPart> part_;
  const std::optional<Solution> answer_;
  std::vector<Asked>* const asked_;
};

Entry<PlacementSolver> VolunteerEntry(std::string name, std::optional<PortfolioPart> part,
                                      std::vector<Asked>* asked = nullptr,
                                      std::optional<Solution> answer = std::nullopt) {
  Entry<PlacementSolver> entry;
  entry.name = std::move(name);
  entry.make = [=](absl::string_view) -> absl::StatusOr<std::unique_ptr<PlacementSolver>> {
    return std::make_unique<Volunteer>(part, answer, asked);
  };
  return entry;
}

std::vector<std::string> SolversOf(const PortfolioPhase& phase) {
  std::vector<std::string> names;
  for (const PortfolioRow& row : phase.rows) names.push_back(row.solver);
  return names;
}

std::vector<PlacementProblem> OneOfEach() {
  testing::RandomProblemOptions latency, throughput, calls;
  throughput.objective = PlacementObjective::kThroughput;
  calls.calls = true;
  return {testing::RandomProblem(3, latency), testing::RandomProblem(3, throughput),
          testing::RandomProblem(3, calls)};
}

TEST(PortfolioPhases, NameSolversThatExist) {
  const Registry<PlacementSolver> builtin = BuiltinSolvers();
  for (const PlacementProblem& problem : OneOfEach()) {
    for (const PortfolioPhase& phase : PortfolioPhases(problem)) {
      for (const PortfolioRow& row : phase.rows) {
        EXPECT_TRUE(row.solver == "milp" || builtin.Find(row.solver) != nullptr) << row.solver;
        EXPECT_LE(row.share.parts, row.share.of) << row.solver;
      }
    }
  }
}

TEST(PortfolioPhases, BuiltInSolversDoNotVolunteer) {
  for (const PlacementProblem& problem : OneOfEach()) {
    std::vector<PortfolioPhase> phases = PortfolioPhases(problem);
    AddVolunteers(BuiltinSolvers(), phases);
    const std::vector<PortfolioPhase> table = PortfolioPhases(problem);
    ASSERT_EQ(phases.size(), table.size());
    for (size_t i = 0; i < table.size(); ++i) {
      EXPECT_EQ(SolversOf(phases[i]), SolversOf(table[i]));
    }
  }
}

TEST(PortfolioPhases, VolunteersComeAfterTheTablesOwn) {
  Registry<PlacementSolver> registry = BuiltinSolvers();
  registry.Add(VolunteerEntry("prover", PortfolioPart{SolverRole::kProve, 20, 10}));
  registry.Add(VolunteerEntry("builder", PortfolioPart{SolverRole::kConstruct}));
  registry.Add(VolunteerEntry("mover", PortfolioPart{SolverRole::kImprove, 30, 400}));
  registry.Add(VolunteerEntry("shy", std::nullopt));
  Entry<PlacementSolver> costly = VolunteerEntry("costly", PortfolioPart{SolverRole::kImprove});
  costly.on_request = true;
  registry.Add(std::move(costly));
  for (const PlacementProblem& problem : OneOfEach()) {
    const size_t own = PortfolioPhases(problem).size();
    std::vector<PortfolioPhase> phases = PortfolioPhases(problem);
    AddVolunteers(registry, phases);
    ASSERT_EQ(phases.size(), own + 2);
    EXPECT_EQ(SolversOf(phases[1]).back(), "builder");
    EXPECT_EQ(phases[1].rows[0].solver, "single-device");
    EXPECT_THAT(SolversOf(phases[own]), ElementsAre("mover"));
    EXPECT_EQ(phases[own].rows[0].most_items, 30u);
    EXPECT_EQ(phases[own].rows[0].share.Of(1000), 1000);  // not more than all
    EXPECT_THAT(SolversOf(phases[own + 1]), ElementsAre("prover"));
    EXPECT_EQ(phases[own + 1].rows[0].share.Of(1000), 100);
  }
}

// `auto` itself.
class PortfolioTest : public ::testing::Test {
 protected:
  absl::StatusOr<SolveResult> Auto(const Registry<PlacementSolver>& registry,
                                   const std::string& options = "") {
    SolveLimits limits;
    limits.work = 20'000;
    limits.solvers = &registry;
    const auto solver = registry.Find("auto")->make(options);
    return Solve(**solver, "auto", SolveInput{problem_, graph_, limits, nullptr, {}});
  }
  // What it finds without volunteers.
  SolveResult Table() { return Auto(BuiltinSolvers()).value(); }

  // Large enough that no search of the table proves it at this work.
  static PlacementProblem Open() {
    testing::RandomProblemOptions options;
    options.items = 24;
    options.devices = 3;
    return testing::RandomProblem(11, options);
  }

  const PlacementProblem problem_ = Open();
  const ProblemGraph graph_ = BuildGraph(problem_);
};

TEST_F(PortfolioTest, ImproversStartFromTheBestWithTheirShare) {
  ASSERT_EQ(Table().termination, Termination::kFeasible);
  std::vector<Asked> asked;
  Registry<PlacementSolver> registry = BuiltinSolvers();
  registry.Add(VolunteerEntry("mover", PortfolioPart{SolverRole::kImprove, 24, 10}, &asked));
  const absl::StatusOr<SolveResult> result = Auto(registry);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->best, Table().best);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].work, 2'000);
  EXPECT_TRUE(asked[0].from_best);
}

TEST_F(PortfolioTest, AConstructionThatIsBetterWins) {
  const SolveResult table = Table();
  Registry<PlacementSolver> registry = BuiltinSolvers();
  registry.Add(
      VolunteerEntry("builder", PortfolioPart{SolverRole::kConstruct}, nullptr, table.best));
  const absl::StatusOr<SolveResult> result = Auto(registry);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_LE(result->score.objective, table.score.objective);
  if (result->score.objective == table.score.objective) {
    EXPECT_EQ(result->solver, "builder");
  }
}

TEST_F(PortfolioTest, LeavesOutWhatIsTooLargeSkippedOrSilent) {
  std::vector<Asked> asked;
  Registry<PlacementSolver> registry = BuiltinSolvers();
  registry.Add(VolunteerEntry("small", PortfolioPart{SolverRole::kProve, 23}, &asked));
  registry.Add(VolunteerEntry("skipped", PortfolioPart{SolverRole::kImprove}, &asked));
  registry.Add(VolunteerEntry("shy", std::nullopt, &asked));
  ASSERT_TRUE(Auto(registry, "skip=skipped").ok());
  EXPECT_THAT(asked, IsEmpty());
}

}  // namespace
}  // namespace allot
