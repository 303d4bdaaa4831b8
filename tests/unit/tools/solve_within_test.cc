#include "tools/solve_within.h"

#include <algorithm>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using ::testing::ElementsAre;

constexpr double kForever = 1e9;  // seconds: only work decides

// One item and three devices, on which it takes 30, 20 and 10.
PlacementProblem ThreeDevices() {
  PlacementProblem problem;
  PlacementProblem::Item item;
  item.name = "x";
  for (const Picos time : {30, 20, 10}) {
    problem.devices.Add({.name = "d", .memory = 1});
    item.time.Add(time);
  }
  problem.items.Add(item);
  return problem;
}

// Its n-th search finds the n-th of `devices`, or nothing (-1), and the n-th of `bounds`.
struct Script {
  std::vector<int32_t> devices;
  std::vector<Picos> bounds;
  bool all_work = true;  // spends what it may
};
struct Call {
  int64_t work;
  uint64_t seed;
  int32_t incumbent;  // its device; -1: none
  friend bool operator==(const Call&, const Call&) = default;
};

class Scripted : public PlacementSolver {
 public:
  Scripted(Script script, std::vector<Call>& calls) : script_(std::move(script)), calls_(calls) {}
  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    const size_t n = std::min(calls_.size(), script_.devices.size() - 1);
    calls_.push_back(
        {input.limits.work, input.limits.seed,
         input.incumbent == nullptr ? -1 : input.incumbent->device_of[ItemId(0)].index()});
    if (input.limits.progress) input.limits.progress(100, script_.bounds[n], 1);
    SolveResult result;
    result.work = script_.all_work ? input.limits.work : 5;
    result.lower_bound = {script_.bounds[n], "script"};
    if (script_.devices[n] < 0) return result;
    result.best = Solution{Placement(1, DeviceId(script_.devices[n])), {ItemId(0)}};
    result.termination = Termination::kFeasible;
    return result;
  }

 private:
  Script script_;
  std::vector<Call>& calls_;
};

struct Outcome {
  SolveResult result;
  std::vector<Call> calls;
  std::vector<std::pair<Picos, Picos>> progress;
};

Outcome Searches(const Script& script, int64_t work, double seconds) {
  const PlacementProblem problem = ThreeDevices();
  const ProblemGraph graph = BuildGraph(problem);
  Outcome outcome;
  SolveLimits limits;
  limits.work = work;
  limits.seed = 7;
  limits.progress = [&outcome](Picos value, Picos bound, int64_t) {
    outcome.progress.emplace_back(value, bound);
  };
  const Scripted solver(script, outcome.calls);
  absl::StatusOr<SolveResult> result =
      SolveWithin(solver, "scripted", SolveInput{problem, graph, limits, nullptr, {}}, seconds);
  EXPECT_TRUE(result.ok()) << result.status();
  outcome.result = *std::move(result);
  return outcome;
}

TEST(SolveWithin, GrowsFromTheBestUntilTheWorkIsSpent) {
  const Outcome outcome = Searches({{1, 0, -1}, {3, 5, 4}}, 3'000'000, kForever);
  // Never more than eight times as much, and what is left at last.
  EXPECT_THAT(outcome.calls,
              ElementsAre(Call{200'000, 7, -1}, Call{1'600'000, 8, 1}, Call{1'200'000, 9, 1}));
  EXPECT_EQ(outcome.result.termination, Termination::kFeasible);
  EXPECT_EQ(outcome.result.score.objective, 20) << "a later one was worse";
  EXPECT_EQ(outcome.result.lower_bound.value, 5);
  EXPECT_EQ(outcome.result.work, 3'000'000);
  EXPECT_EQ(outcome.result.solver, "scripted");
  // Only what is better than before.
  EXPECT_THAT(outcome.progress,
              ElementsAre(std::pair<Picos, Picos>(100, 3), std::pair<Picos, Picos>(20, 3),
                          std::pair<Picos, Picos>(20, 5)));
}

TEST(SolveWithin, EndsWhenBoundAndValueOfTwoSearchesMeet) {
  const Outcome outcome = Searches({{1, 2, 0}, {10, 3, 0}}, 100'000'000, kForever);
  EXPECT_EQ(outcome.calls.size(), 2u);
  EXPECT_EQ(outcome.result.termination, Termination::kOptimal);
  EXPECT_EQ(outcome.result.score.objective, 10);
}

TEST(SolveWithin, EndsWhenMoreWorkChangesNothing) {
  const Outcome outcome = Searches({{0}, {1}, false}, 100'000'000, kForever);
  EXPECT_EQ(outcome.calls.size(), 2u);
  EXPECT_EQ(outcome.result.work, 10);
}

TEST(SolveWithin, SearchesOnceAtLeast) {
  const Outcome outcome = Searches({{-1}, {1}}, 100'000'000, 1e-9);
  EXPECT_EQ(outcome.calls.size(), 1u);
  EXPECT_EQ(outcome.result.termination, Termination::kNoSolutionFound);
}

TEST(SolveWithin, ErrorsArePassedOn) {
  class Refusing : public PlacementSolver {
   public:
    absl::StatusOr<SolveResult> Solve(const SolveInput&) const override {
      return absl::UnimplementedError("not today");
    }
  };
  const PlacementProblem problem = ThreeDevices();
  const ProblemGraph graph = BuildGraph(problem);
  const SolveLimits limits;
  const SolveInput input{problem, graph, limits, nullptr, {}};
  EXPECT_EQ(SolveWithin(Refusing(), "lazy", input, 1).status().message(), "lazy: not today");
}

// A bound that a later search refutes is no bound.
TEST(SolveWithin, AFalseBoundIsFoundOutLater) {
  const PlacementProblem problem = ThreeDevices();
  const ProblemGraph graph = BuildGraph(problem);
  std::vector<Call> calls;
  const Scripted solver({{0, 2}, {15, 0}}, calls);
  SolveLimits limits;
  limits.work = 100'000'000;
  const absl::Status status =
      SolveWithin(solver, "scripted", SolveInput{problem, graph, limits, nullptr, {}}, kForever)
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(),
            "scripted: its bound script of 15 ps exceeds the value 10 ps of its own solution");
}

}  // namespace
}  // namespace allot
