// Solvers that lie, one for each thing that a solver must do: each is caught, by Solve() in any
// program where that can be seen at once, else by the suite.
#include <functional>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "placement/solver.h"
#include "tests/suites/conformance.h"
#include "tools/program_registries.h"

namespace allot {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using testing::Examine;
using testing::FindTruth;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using testing::Truth;
using testing::Verdict;

const DeviceId kD0(0), kD1(1), kD2(2);
const ItemId kA(0), kB(1), kC(2), kD(3);

// a feeds b feeds c, and d stands alone. d0 cannot run b, nothing leads from d0 to d2, a and d must
// share a device. All on d1 takes 40; two devices can do better.
PlacementProblem Question() {
  PlacementProblem problem;
  problem.num_channels = 1;
  problem.routes.resize(3);
  for (const char* name : {"d0", "d1", "d2"}) problem.devices.Add({name, 100, 0});
  for (auto& row : problem.routes) row.resize(3, Route{{{0, kPicosPerSecond}}, {ChannelId(0)}});
  problem.routes[kD0][kD2].reset();
  for (const char* name : {"a", "b", "c", "d"}) {
    PlacementProblem::Item item;
    item.name = name;
    item.memory = 10;
    item.time.resize(3, Picos{10});
    problem.items.Add(item);
  }
  problem.items[kB].time[kD0].reset();
  problem.flows.Add({kA, {kB}, 1, {}});
  problem.flows.Add({kB, {kC}, 1, {}});
  problem.together.push_back({kA, kD});
  return problem;
}

// Everything stays on one device, which does not answer the question of contiguity by itself.
PlacementProblem ContiguousQuestion() {
  PlacementProblem problem = Question();
  problem.contiguous = true;
  problem.together.clear();
  return problem;
}

PlacementProblem QuestionOfCalls() {
  PlacementProblem problem = Question();
  problem.execution = Execution::kCalls;
  problem.calls_per_device = 2;
  for (PlacementProblem::Flow& flow : problem.flows) flow.staging.resize(3, Picos{1});
  return problem;
}

// Answers as it is told, whatever the problem.
class Scripted : public PlacementSolver {
 public:
  using Script = std::function<SolveResult(const SolveInput&)>;
  explicit Scripted(Script script) : script_(std::move(script)) {}
  std::vector<absl::string_view> kinds() const override { return {kItemsKind, kCallsKind}; }
  ProblemFeatures features() const override { return {.staged = true, .contiguous = true}; }
  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    return script_(input);
  }

 private:
  const Script script_;
};

// Everything on d1, and no claim.
SolveResult Honest(const SolveInput& input) {
  SolveResult result;
  result.best = Solution{Placement(input.problem.items.size(), kD1), input.graph.topological};
  result.termination = Termination::kFeasible;
  result.work = 4;
  return result;
}

// The honest answer with something changed.
Scripted::Script Telling(const std::function<void(SolveResult&)>& lie) {
  return [lie](const SolveInput& input) {
    SolveResult result = Honest(input);
    lie(result);
    return result;
  };
}

SolveResult NothingFound(Picos bound) {
  SolveResult result;
  result.lower_bound = {bound, "guess"};
  return result;
}

SolveResult Infeasible() {
  SolveResult result;
  result.termination = Termination::kInfeasible;
  return result;
}

absl::StatusOr<SolveResult> AskLiar(const PlacementProblem& problem, const Scripted::Script& script,
                                    const Solution* incumbent = nullptr) {
  const ProblemGraph graph = BuildGraph(problem);
  const SolveLimits limits{1'000, 1, 1};
  return Solve(Scripted(script), "liar", SolveInput{problem, graph, limits, incumbent, {}});
}

struct Lie {
  const char* what;
  std::function<void(SolveResult&)> tell;
  const char* caught;
};

void ExpectAllCaught(const PlacementProblem& problem, const std::vector<Lie>& lies) {
  ASSERT_TRUE(AskLiar(problem, Honest).ok());
  for (const Lie& lie : lies) {
    const absl::Status status = AskLiar(problem, Telling(lie.tell)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << lie.what;
    EXPECT_THAT(std::string(status.message()), AllOf(StartsWith("liar: "), HasSubstr(lie.caught)))
        << lie.what;
  }
}

TEST(LyingSolvers, EveryRuleIsNamed) {
  ExpectAllCaught(
      Question(),
      {
          {"a device that cannot run it", [](SolveResult& r) { r.best->device_of[kB] = kD0; },
           "wrong answer: item 1 'b' is on device 'd0', which cannot run it"},
          {"a device that is not there",
           [](SolveResult& r) { r.best->device_of[kB] = DeviceId(7); },
           "item 1 'b' is on device 7, which does not exist"},
          {"no device", [](SolveResult& r) { r.best->device_of[kC] = DeviceId(); },
           "which does not exist"},
          {"a group apart", [](SolveResult& r) { r.best->device_of[kD] = kD0; },
           "item 3 'd' and item 0 'a' must share a device"},
          {"a missing route",
           [](SolveResult& r) {
             r.best->device_of[kA] = r.best->device_of[kD] = kD0;
             r.best->device_of[kB] = kD2;
           },
           "flow 0 has no route from device 'd0' to device 'd2'"},
          {"an order against a flow",
           [](SolveResult& r) {
             r.best->order = {kB, kA, kC, kD};
           },
           "item 1 'b' stands in the order before item 0 'a', which feeds it"},
          {"an item twice",
           [](SolveResult& r) {
             r.best->order = {kA, kB, kC, kC};
           },
           "item 2 'c' stands in the order twice"},
          {"an item that is not there",
           [](SolveResult& r) {
             r.best->order = {kA, kB, kC, ItemId(9)};
           },
           "the order names item 9, which does not exist"},
          {"a short placement", [](SolveResult& r) { r.best->device_of = Placement(2, kD1); },
           "the placement has 2 items instead of 4"},
          {"a short order", [](SolveResult& r) { r.best->order.pop_back(); },
           "the order has 3 items instead of 4"},
          {"calls of other items", [](SolveResult& r) { r.best->call_of.resize(9); },
           "the calls are given for 9 items instead of 4"},
          {"an end without an answer", [](SolveResult& r) { r.best.reset(); },
           "ends feasible without a solution"},
          {"an answer to what has none",
           [](SolveResult& r) { r.termination = Termination::kInfeasible; },
           "ends infeasible with a solution"},
          {"work that comes back", [](SolveResult& r) { r.work = -1; }, "spent work of -1"},
          {"a bound below nothing",
           [](SolveResult& r) {
             r.lower_bound = {-5, "guess"};
           },
           "claims a bound of -5"},
          {"a bound above its own value",
           [](SolveResult& r) {
             r.lower_bound = {41, "guess"};
           },
           "its bound guess of 41 ps exceeds the value 40 ps of its own solution"},
      });
}

TEST(LyingSolvers, ContiguityIsNamed) {
  ExpectAllCaught(ContiguousQuestion(),
                  {{"there and back", [](SolveResult& r) { r.best->device_of[kB] = kD2; },
                    "device 'd1' is not contiguous"}});
}

TEST(LyingSolvers, CallsAreNamed) {
  ExpectAllCaught(
      QuestionOfCalls(),
      {{"one call too many",
        [](SolveResult& r) { r.best->call_of = IdVector<ItemId, int32_t>(4, 2); },
        "item 0 'a' is in call 2 of device 'd1', which makes 2 at most"},
       {"a call before the first",
        [](SolveResult& r) { r.best->call_of = IdVector<ItemId, int32_t>(4, -1); },
        "item 0 'a' is in call -1 of device 'd1'"},
       {"calls that wait for each other", [](SolveResult& r) { r.best->device_of[kB] = kD2; },
        "wrong answer: a call of device 'd2' starts at -"}});
}

// The only rule that a solver may leave out.
TEST(LyingSolvers, ExcessOfMemoryCountsAsNothingFound) {
  PlacementProblem problem = Question();
  problem.devices[kD1].memory = 39;
  const absl::StatusOr<SolveResult> result = AskLiar(problem, Telling([](SolveResult& r) {
                                                       r.termination = Termination::kOptimal;
                                                       r.lower_bound = {20, "guess"};
                                                     }));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->termination, Termination::kNoSolutionFound);
  EXPECT_FALSE(result->best.has_value());
  EXPECT_EQ(result->lower_bound.value, 20);
}

TEST(LyingSolvers, WhatIsKnownRefutesThem) {
  const PlacementProblem problem = Question();
  const ProblemGraph graph = BuildGraph(problem);
  const Solution known = *FindTruth(problem, graph).solution;
  const Picos value = Evaluate(problem, graph, known).objective;
  ASSERT_LT(value, 40);
  const auto complaint = [&](const Scripted::Script& script) {
    const absl::Status status = AskLiar(problem, script, &known).status();
    EXPECT_TRUE(status.ok() || absl::IsInternal(status)) << status;
    return std::string(status.message());
  };
  EXPECT_EQ(complaint(Honest), "");
  EXPECT_EQ(complaint([&](const SolveInput&) { return NothingFound(value); }), "");
  EXPECT_EQ(complaint([&](const SolveInput&) { return NothingFound(value + 1); }),
            absl::StrCat("liar: its bound guess of ", value + 1, " ps exceeds the value ", value,
                         " ps of the solution to start from"));
  EXPECT_EQ(complaint([](const SolveInput&) { return Infeasible(); }),
            absl::StrCat("liar: claims that there is no solution, but the solution to start from "
                         "has the value ",
                         value, " ps"));
  EXPECT_EQ(complaint(Telling([](SolveResult& r) { r.termination = Termination::kOptimal; })),
            absl::StrCat("liar: claims that 40 ps is optimal, but the solution to start from has "
                         "the value ",
                         value, " ps"));
  // What exceeds a memory refutes nothing.
  PlacementProblem narrow = problem;
  for (PlacementProblem::MachineDevice& device : narrow.devices) device.memory = 9;
  EXPECT_TRUE(AskLiar(
                  narrow, [](const SolveInput&) { return Infeasible(); }, &known)
                  .ok());
}

TEST(LyingSolvers, WhatTheyStartFromMustKeepTheRules) {
  const PlacementProblem problem = Question();
  Solution start{Placement(4, kD1), {kA, kB, kC, kD}};
  start.device_of[kD] = kD0;
  const absl::Status status = AskLiar(problem, Honest, &start).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("the solution to start from: item 3 'd' and item 0 'a' must share"));
  start.device_of[kD] = kD1;
  const ProblemGraph graph = BuildGraph(problem);
  const SolveLimits limits;
  const absl::Status refuted =
      Solve(Scripted(Honest), "liar", SolveInput{problem, graph, limits, &start, {}, 41}).status();
  EXPECT_EQ(refuted.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refuted.message()), HasSubstr("40 ps is below the given bound of 41 ps"));
}

// What the portfolio hears from several solvers at once: in its first round two of them, one a
// liar, both without anything to start from.
absl::Status AskPortfolio(const Scripted::Script& script) {
  const Registry<PlacementSolver> all = ProgramRegistries().solvers;
  Registry<PlacementSolver> solvers;
  Entry<PlacementSolver> liar = *all.Find("single-device");
  liar.make = [script](absl::string_view) -> absl::StatusOr<std::unique_ptr<PlacementSolver>> {
    return std::make_unique<Scripted>(script);
  };
  solvers.Add(std::move(liar));
  solvers.Add(*all.Find("heft"));
  const PlacementProblem problem = Question();
  const ProblemGraph graph = BuildGraph(problem);
  SolveLimits limits{1'000, 1, 1};
  limits.solvers = &solvers;
  const std::unique_ptr<PlacementSolver> portfolio = *all.Find("auto")->make("");
  return Solve(*portfolio, "auto", SolveInput{problem, graph, limits, nullptr, {}}).status();
}

TEST(LyingSolvers, TheyRefuteEachOtherInAPortfolio) {
  EXPECT_TRUE(AskPortfolio(Honest).ok());
  const auto complaint = [](const Scripted::Script& script) {
    const absl::Status status = AskPortfolio(script);
    EXPECT_TRUE(absl::IsInternal(status)) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(complaint([](const SolveInput&) { return Infeasible(); }),
              HasSubstr("single-device: claims that there is no solution, but the solution that "
                        "heft has found has the value "));
  EXPECT_THAT(complaint([](const SolveInput&) { return NothingFound(1'000); }),
              AllOf(HasSubstr("single-device: its bound guess of 1000 ps exceeds the value "),
                    HasSubstr(" ps of the solution that heft has found")));
  EXPECT_THAT(
      complaint(Telling([](SolveResult& r) { r.termination = Termination::kOptimal; })),
      HasSubstr("single-device: claims that 40 ps is optimal, but the solution that heft has"));
  EXPECT_THAT(complaint(Telling([](SolveResult& r) { r.best->device_of[kB] = kD0; })),
              HasSubstr("single-device: wrong answer: item 1 'b' is on device 'd0'"));
}

// What only brute force can tell.
class SuiteOnLiars : public ::testing::Test {
 protected:
  std::vector<std::string> Faults(const Scripted::Script& script) const {
    return Examine(Scripted(script), "liar", problem_, truth_, SolveLimits{1'000, 1, 1}).faults;
  }

  const PlacementProblem problem_ = Question();
  const Truth truth_ = FindTruth(problem_, BuildGraph(problem_));
};

TEST_F(SuiteOnLiars, AnHonestSolverHasNoFaults) { EXPECT_THAT(Faults(Honest), IsEmpty()); }

TEST_F(SuiteOnLiars, AFalseBound) {
  EXPECT_THAT(
      Faults([this](const SolveInput&) { return NothingFound(truth_.score.objective + 1); }),
      Contains(HasSubstr("claims the bound guess of ")));
}

TEST_F(SuiteOnLiars, AFalseOptimum) {
  EXPECT_THAT(Faults(Telling([](SolveResult& r) { r.termination = Termination::kOptimal; })),
              Contains(HasSubstr("claims that 40 ps is optimal")));
}

TEST_F(SuiteOnLiars, AFalseProofThatThereIsNothing) {
  EXPECT_THAT(Faults([](const SolveInput&) { return Infeasible(); }),
              Contains("claims that there is no solution"));
}

// They tell the truth until something is known.
TEST_F(SuiteOnLiars, ALieFromTheBestSolutionOn) {
  EXPECT_THAT(Faults([](const SolveInput& input) {
                return input.incumbent == nullptr ? Honest(input) : Infeasible();
              }),
              Contains(HasSubstr("from the best solution: liar: claims that there is no")));
}

TEST_F(SuiteOnLiars, MoreWorkThanAllowed) {
  EXPECT_THAT(Faults(Telling([](SolveResult& r) { r.work = 1'000; })), IsEmpty());
  EXPECT_THAT(Faults(Telling([](SolveResult& r) { r.work = 1'400; })),
              Contains("spends 1400 of 1000"));
}

TEST_F(SuiteOnLiars, AnotherAnswerOnTwoThreads) {
  EXPECT_THAT(Faults([](const SolveInput& input) {
                SolveResult result = Honest(input);
                if (input.limits.threads == 1) return result;
                result.best->device_of[kC] = kD2;
                result.work = 5;
                result.lower_bound = {1, "guess"};
                return result;
              }),
              AllOf(Contains("has another answer on two threads"),
                    Contains("spends otherwise on two threads"),
                    Contains("has another bound on two threads")));
}

TEST_F(SuiteOnLiars, ABrokenRule) {
  EXPECT_THAT(Faults(Telling([](SolveResult& r) { r.best->device_of[kB] = kD0; })),
              Contains(HasSubstr("which cannot run it")));
}

}  // namespace
}  // namespace allot
