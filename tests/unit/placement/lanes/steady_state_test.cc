// Replicas and batches: worked out by hand, and held against enumeration.
#include "placement/lanes/steady_state.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "placement/batching.h"
#include "placement/exact/brute_force_parts.h"
#include "placement/loads/load_model.h"
#include "placement/parts/parts.h"
#include "placement/solver.h"
#include "support/random.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
using ::testing::HasSubstr;
using testing::RandomOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;
using testing::RandomStagedOptions;

// Two alike devices, a chain of three items of 10, 10 and 4, transfers of 5 by way of host memory.
PlacementProblem Chain() {
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  problem.communication = Communication::kBlocking;
  for (const char* name : {"a", "b"}) problem.devices.Add({name, 100, 0});
  for (const Picos time : {10, 10, 4}) {
    PlacementProblem::Item item;
    item.memory = 30;
    for (int d = 0; d < 2; ++d) item.time.Add(time);
    problem.items.Add(std::move(item));
  }
  for (int32_t i = 0; i < 2; ++i) {
    PlacementProblem::Flow flow{ItemId(i), {ItemId(i + 1)}, 0, {}};
    for (int d = 0; d < 2; ++d) flow.staging.Add(5);
    problem.flows.Add(std::move(flow));
  }
  return problem;
}

TEST(SteadyStateTest, ReplicasBeatAnySplitAndMeetTheBound) {
  const PlacementProblem problem = Chain();
  const ProblemGraph graph = BuildGraph(problem);
  // A split pays for the transfer: at best 10 + 5 and 5 + 14. Two replicas serve every second one.
  const absl::StatusOr<SteadyState> state = SolveSteadyState(problem, graph, nullptr, 100'000);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_TRUE(state->score.feasible);
  EXPECT_EQ(state->score.period, 12);
  EXPECT_EQ(state->bound.value, 12);
  EXPECT_EQ(state->score.replicas, 6);
  EXPECT_EQ(state->replicated.cycle(), 2);
  EXPECT_TRUE(Verify(problem, state->replicated, 12).ok());
  EXPECT_FALSE(Verify(problem, state->replicated, 11).ok());
}

TEST(SteadyStateTest, MemoryDecidesWhatIsReplicated) {
  PlacementProblem problem = Chain();
  for (PlacementProblem::MachineDevice& device : problem.devices) device.memory = 60;
  const ProblemGraph graph = BuildGraph(problem);
  Solution split;
  for (const int32_t d : {0, 1, 1}) split.device_of.Add(DeviceId(d));
  split.order = graph.topological;
  const absl::StatusOr<SteadyState> state = SolveSteadyState(problem, graph, &split, 100'000);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_TRUE(state->score.feasible);
  // Room for two items each: the middle one is on both. 15 and 19, or 25 and 9 every fifth time.
  EXPECT_EQ(state->score.period, 17);
  EXPECT_EQ(state->score.replicas, 4);
  EXPECT_TRUE(Verify(problem, state->replicated, 17).ok());
  // Two placements that are fine alone are not together.
  ReplicatedPlacement both{{split, split}, {1, 1}};
  both.placements[1].device_of[ItemId(0)] = DeviceId(1);
  both.placements[1].device_of[ItemId(1)] = DeviceId(0);
  both.placements[1].device_of[ItemId(2)] = DeviceId(0);
  EXPECT_FALSE(Evaluate(problem, graph, both).feasible);
  EXPECT_FALSE(Verify(problem, both, Evaluate(problem, graph, both).period).ok());
}

TEST(SteadyStateTest, KeepsTheOrderThatFitsMemory) {
  // Two tensors of 6, made one after the other if items go by number, do not fit into 10.
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  problem.devices.Add({"a", 10, 0});
  for (int i = 0; i < 4; ++i) {
    PlacementProblem::Item item;
    item.time.Add(1);
    problem.items.Add(std::move(item));
  }
  for (const int32_t i : {0, 1}) {
    problem.flows.Add({ItemId(i), {ItemId(i + 2)}, 6, {}});
  }
  const ProblemGraph graph = BuildGraph(problem);
  Solution solution{Placement(4, DeviceId(0)), {ItemId(0), ItemId(2), ItemId(1), ItemId(3)}};
  ASSERT_TRUE(Evaluate(problem, graph, solution).feasible);
  const absl::StatusOr<SteadyState> state = SolveSteadyState(problem, graph, &solution, 10'000);
  ASSERT_TRUE(state.ok()) << state.status();
  ASSERT_EQ(state->replicated.placements.size(), 1u);
  EXPECT_EQ(state->replicated.placements[0], solution);
  EXPECT_EQ(state->score.period, 4);
}

TEST(SteadyStateTest, ReplicatesWhatFitsBesideTheRest) {
  // Of 60, 10 and 60 bytes a device of 75 holds the small item and one other. To share the load
  // equally, the small one is on both devices, for two inferences of five on the one.
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  for (const char* name : {"a", "b"}) problem.devices.Add({name, 75, 0});
  for (const auto& [memory, time] : {std::pair<Bytes, Picos>(60, 4), {10, 10}, {60, 2}}) {
    PlacementProblem::Item item;
    item.memory = memory;
    for (int d = 0; d < 2; ++d) item.time.Add(time);
    problem.items.Add(std::move(item));
  }
  const ProblemGraph graph = BuildGraph(problem);
  Solution split;
  for (const int32_t d : {0, 1, 1}) split.device_of.Add(DeviceId(d));
  split.order = graph.topological;
  for (const Solution* incumbent :
       {static_cast<const Solution*>(&split), static_cast<const Solution*>(nullptr)}) {
    const absl::StatusOr<SteadyState> state = SolveSteadyState(problem, graph, incumbent, 100'000);
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ(state->score.period, 8);
    EXPECT_EQ(state->bound.value, 8);
    EXPECT_EQ(state->score.replicas, 4);
    EXPECT_EQ(state->replicated.cycle(), 5);
    EXPECT_TRUE(Verify(problem, state->replicated, 8).ok());
  }
}

TEST(SteadyStateTest, TakesNoMoreTurnsThanItMay) {
  const PlacementProblem problem = Chain();
  const ProblemGraph graph = BuildGraph(problem);
  Solution split;
  for (const int32_t d : {0, 1, 1}) split.device_of.Add(DeviceId(d));
  split.order = graph.topological;
  const absl::StatusOr<SteadyState> one = SolveSteadyState(problem, graph, &split, 100'000, 1);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->replicated.cycle(), 1);
  EXPECT_EQ(one->score.period, 19);
  EXPECT_EQ(one->bound.value, 12) << "which no cycle has anything to do with";
}

TEST(SteadyStateTest, RefusesWhatHasNoReplicas) {
  PlacementProblem problem = Chain();
  const ProblemGraph graph = BuildGraph(problem);
  problem.objective = PlacementObjective::kLatency;
  EXPECT_EQ(SolveSteadyState(problem, graph, nullptr, 100).status().code(),
            absl::StatusCode::kInvalidArgument);
  problem.objective = PlacementObjective::kThroughput;
  problem.contiguous = true;
  EXPECT_EQ(SolveSteadyState(problem, graph, nullptr, 100).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SteadyStateTest, BoundsHoldAndAnswersVerifyOnRandomProblems) {
  int solved = 0, better = 0, launches = 0;
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    RandomProblemOptions options =
        seed % 3 == 0 ? RandomOptions(seed, 6) : RandomStagedOptions(seed, 6);
    options.objective = PlacementObjective::kThroughput;
    options.calls = false;
    options.part_costs = true;
    options.contiguous = false;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const absl::StatusOr<SteadyState> state = SolveSteadyState(problem, graph, nullptr, 50'000);
    ASSERT_TRUE(state.ok()) << state.status();
    // No mixture of placements can beat the bound: enough to see that none does for the weights
    // that all mixtures share, so hold it against each placement and against random mixtures.
    const LoadModel model = BuildLoadModel(ProblemFacts(problem));
    std::vector<std::vector<Picos>> all, launched;
    std::vector<int32_t> device(static_cast<size_t>(model.num_units));
    Picos best = std::numeric_limits<Picos>::max();
    const std::function<void(int32_t)> place = [&](int32_t unit) {
      if (unit == model.num_units) {
        const Solution solution = ToSolution(model, graph, device);
        if (!Evaluate(problem, graph, solution).feasible) return;
        best = std::min(best, LargestLoad(model, device, &all.emplace_back()));
        // With parts, of which a path through other devices needs more.
        const Score parted = FormParts(problem, graph, solution, 200).score;
        if (!parted.feasible) return;
        std::vector<Picos>& loads = launched.emplace_back();
        for (const Picos load : parted.load) loads.push_back(load);
        for (const Picos load : parted.channel_load) loads.push_back(load);
        return;
      }
      for (int32_t d = 0; d < model.num_devices; ++d) {
        if (model.Time(unit, d) == kNotAllowed) continue;
        device[static_cast<size_t>(unit)] = d;
        place(unit + 1);
      }
    };
    place(0);
    if (all.empty()) {
      EXPECT_TRUE(state->replicated.placements.empty());
      continue;
    }
    EXPECT_LE(state->bound.value, best);
    const Picos ignored = BoundSteadyState(problem, 50'000, Launch::kIgnore);
    const Picos counted = BoundSteadyState(problem, 50'000, Launch::kPerGroup);
    EXPECT_GE(counted, ignored);
    launches += counted > ignored ? 1 : 0;
    if (const std::optional<PartedSolution> parts = BestParts(problem, graph)) {
      EXPECT_LE(counted, parts->score.objective);
    }
    Random random(seed);
    for (int i = 0; i < 400; ++i) {
      const auto& from = i % 2 == 0 || launched.empty() ? all : launched;
      const Picos bound = &from == &all ? std::max(state->bound.value, ignored) : counted;
      const int64_t parts = random.Between(1, 4);
      std::vector<Picos> sum(from[0].size(), 0);
      for (int64_t p = 0; p < parts; ++p) {
        const std::vector<Picos>& loads =
            from[static_cast<size_t>(random.Below(static_cast<int64_t>(from.size())))];
        for (size_t r = 0; r < sum.size(); ++r) sum[r] += loads[r];
      }
      EXPECT_LE(bound * parts, *std::max_element(sum.begin(), sum.end()) + parts - 1);
    }
    if (state->replicated.placements.empty()) continue;
    ++solved;
    EXPECT_TRUE(state->score.feasible);
    EXPECT_GE(state->score.period, state->bound.value);
    EXPECT_TRUE(Verify(problem, state->replicated, state->score.period).ok())
        << Verify(problem, state->replicated, state->score.period);
    EXPECT_EQ(Evaluate(problem, graph, state->replicated).period, state->score.period);
    better += state->score.period < best ? 1 : 0;
    if (HasFailure()) return;
  }
  EXPECT_GT(solved, 300);
  EXPECT_GT(better, 100);
  EXPECT_GT(launches, 100);
}

TEST(SteadyStateTest, EveryPlacementOfAMixtureLaunches) {
  // All on one device of two in turns: (24 + 6) / 2. Splitting would launch twice.
  PlacementProblem problem = Chain();
  for (PlacementProblem::MachineDevice& device : problem.devices) device.part_cost = 6;
  EXPECT_EQ(BoundSteadyState(problem, 100'000, Launch::kIgnore), 12);
  EXPECT_EQ(BoundSteadyState(problem, 100'000, Launch::kPerGroup), 15);
  // The quick one does all of it three times of five: 3 (12 + 6) and 2 (24 + 3) of 54.
  for (PlacementProblem::Item& item : problem.items) *item.time[DeviceId(0)] /= 2;
  problem.devices[DeviceId(1)].part_cost = 3;
  EXPECT_EQ(BoundSteadyState(problem, 100'000, Launch::kPerGroup), 11);
}

// Weights of 90 fit together, and either placement fits alone; the workspace on top does not fit.
TEST(SteadyStateTest, WhatIsLiveNeedsRoomBesideAllWeights) {
  PlacementProblem problem = Chain();
  problem.items[ItemId(0)].workspace = 7;
  const ProblemGraph graph = BuildGraph(problem);
  Solution split{Placement(3, DeviceId(0)), graph.topological}, other = split;
  split.device_of[ItemId(2)] = DeviceId(1);
  other.device_of[ItemId(0)] = other.device_of[ItemId(1)] = DeviceId(1);
  const ReplicatedPlacement both{{split, other}, {1, 1}};
  const Picos period = Evaluate(problem, graph, both).period;
  problem.devices[DeviceId(0)].memory = 97;
  EXPECT_TRUE(Verify(problem, both, period).ok()) << Verify(problem, both, period);
  problem.devices[DeviceId(0)].memory = 96;
  EXPECT_FALSE(Evaluate(problem, graph, both).feasible);
  EXPECT_EQ(Verify(problem, both, period),
            absl::ResourceExhaustedError(
                "device 'a' holds 90 resident bytes and 7 at once besides but has 96"));
}

TEST(SteadyStateTest, AnswersBelowTheBoundRefuteIt) {
  const PlacementProblem problem = Chain();
  const ProblemGraph graph = BuildGraph(problem);
  absl::StatusOr<SteadyState> state = SolveSteadyState(problem, graph, nullptr, 100'000);
  ASSERT_TRUE(state.ok()) << state.status();
  Score single;
  single.objective = state->score.period + 5;
  EXPECT_TRUE(VerifySteadyState(problem, *state, &single).ok());
  state->bound = {state->score.period + 1, "guess"};
  EXPECT_THAT(std::string(VerifySteadyState(problem, *state, &single).message()),
              HasSubstr("exceeds the period with replicas"));
  state->bound.value = single.objective + 1;
  EXPECT_THAT(std::string(VerifySteadyState(problem, *state, &single).message()),
              HasSubstr("exceeds the value of a single placement"));
  state->bound.value = 0;
  state->score.period -= 1;
  const absl::Status wrong = VerifySteadyState(problem, *state, nullptr);
  EXPECT_EQ(wrong.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(wrong.message()), HasSubstr("wrong answer: the period is"));
}

// Calls the first device optimal for throughput and finds a better one for latency.
class Forgetful : public PlacementSolver {
 public:
  ProblemFeatures features() const override { return {.staged = true}; }
  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    const bool latency = input.problem.objective == PlacementObjective::kLatency;
    SolveResult result;
    result.best = Solution{Placement(input.problem.items.size(), DeviceId(latency ? 1 : 0)),
                           input.graph.topological};
    result.termination = latency ? Termination::kFeasible : Termination::kOptimal;
    // Held to its device, it finds nothing.
    if (latency && !input.problem.items[ItemId(0)].time[DeviceId(1)].has_value())
      return SolveResult();
    return result;
  }
};

TEST(BatchingTest, ABoundThatALatencySearchRefutes) {
  BatchCase batch{1, Chain()};
  for (PlacementProblem::Item& item : batch.problem.items) {
    item.time[DeviceId(0)] = 10;
    item.time[DeviceId(1)] = 5;
  }
  const absl::Status status =
      ChooseBatch({batch}, 20, Forgetful(), "forgetful", SolveLimits()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("forgetful: its bound forgetful of 30 ps exceeds the value 15 ps"));
}

TEST(BatchingTest, TheLargestBatchWithinTheLimit) {
  // A batch of n takes 6 + 4 n on each of two items, so larger ones cost less per inference.
  std::vector<BatchCase> cases;
  for (const int64_t size : {1, 2, 4, 8}) {
    BatchCase batch{size, Chain()};
    for (PlacementProblem::Item& item : batch.problem.items) {
      for (std::optional<Picos>& time : item.time) time = 6 + 4 * size;
    }
    cases.push_back(std::move(batch));
  }
  const Registry<PlacementSolver> registry = BuiltinSolvers();
  const auto solver = registry.Find("brute-force")->make("");
  ASSERT_TRUE(solver.ok());
  const SolveLimits limits{100'000, 1, 1};
  // Three items of 38 and a transfer of 10 one after the other.
  absl::StatusOr<BatchChoice> choice = ChooseBatch(cases, 124, **solver, "brute-force", limits);
  ASSERT_TRUE(choice.ok()) << choice.status();
  ASSERT_EQ(choice->chosen, 3u);
  EXPECT_EQ(choice->answers[3].period, (38 + 38 + 5 + 7) / 8);
  EXPECT_EQ(choice->answers[3].result.termination, Termination::kOptimal);
  // One inference less of time: all on one device still fits, with nothing moved.
  choice = ChooseBatch(cases, 123, **solver, "brute-force", limits);
  ASSERT_TRUE(choice.ok()) << choice.status();
  ASSERT_TRUE(choice->chosen.has_value());
  for (const BatchAnswer& answer : choice->answers) {
    EXPECT_TRUE(answer.in_time);
    EXPECT_LE(answer.result.score.makespan, 123);
  }
  EXPECT_EQ(choice->answers[3].result.score.objective, 114);
  EXPECT_EQ(choice->answers[3].result.termination, Termination::kFeasible);
  // What is too slow is proved to be.
  choice = ChooseBatch(cases, 29, **solver, "brute-force", limits);
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_FALSE(choice->chosen.has_value());
  for (size_t i = 0; i < cases.size(); ++i) {
    EXPECT_FALSE(choice->answers[i].in_time);
    EXPECT_EQ(choice->answers[i].least_latency.value, 3 * (6 + 4 * cases[i].size));
    EXPECT_EQ(choice->answers[i].result.score.makespan, 3 * (6 + 4 * cases[i].size));
  }
  choice = ChooseBatch(cases, 30, **solver, "brute-force", limits);
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_EQ(choice->chosen, 0u);
  cases[1].size = 0;
  EXPECT_EQ(ChooseBatch(cases, 30, **solver, "brute-force", limits).status().message(),
            "batch 1: its size is 0");
}

// Answers for throughput with items in their smallest order, for latency in the opposite one, as
// long as what it is given leaves it no other device.
class OrderOnly : public PlacementSolver {
 public:
  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    SolveResult result;
    result.termination = Termination::kFeasible;
    const bool fixed = !input.problem.items[ItemId(0)].time[DeviceId(1)].has_value();
    Solution solution{Placement(3, DeviceId(0)), {ItemId(0), ItemId(1), ItemId(2)}};
    solution.device_of[ItemId(2)] = DeviceId(1);
    if (fixed) solution.order = {ItemId(1), ItemId(0), ItemId(2)};
    result.best = std::move(solution);
    return result;
  }
};

TEST(BatchingTest, KeepsTheDevicesIfAnotherOrderIsQuickEnough) {
  // Of two items on one device, the second feeds a third, elsewhere: it had better be first.
  BatchCase batch;
  batch.size = 3;
  for (const char* name : {"a", "b"}) batch.problem.devices.Add({name, 100, 0});
  for (const Picos time : {10, 1, 5}) {
    PlacementProblem::Item item;
    for (int d = 0; d < 2; ++d) item.time.Add(time);
    batch.problem.items.Add(std::move(item));
  }
  PlacementProblem::Flow flow{ItemId(1), {ItemId(2)}, 0, {}};
  for (int d = 0; d < 2; ++d) {
    IdVector<DeviceId, Picos> row(2, 2);
    row[DeviceId(d)] = 0;
    flow.time.Add(std::move(row));
  }
  batch.problem.flows.Add(std::move(flow));
  const auto best = [&](Picos limit) {
    absl::StatusOr<BatchChoice> choice =
        ChooseBatch({batch}, limit, OrderOnly(), "order-only", SolveLimits{});
    EXPECT_TRUE(choice.ok()) << choice.status();
    return *std::move(choice);
  };
  EXPECT_EQ(best(18).answers[0].result.score.makespan, 18);
  const BatchChoice quick = best(17);
  EXPECT_EQ(quick.chosen, 0u);
  EXPECT_EQ(quick.answers[0].result.score.makespan, 11);
  EXPECT_EQ(quick.answers[0].period, 4) << "11 in a batch of 3";
  EXPECT_FALSE(best(10).chosen.has_value());
}

TEST(BatchingTest, PeriodsAreComparedExactly) {
  // 10 / 3 and 7 / 2 per inference round to the same.
  std::vector<BatchCase> cases;
  for (const auto& [size, time] : {std::pair<int64_t, Picos>(2, 7), {3, 10}}) {
    BatchCase batch{size, {}};
    batch.problem.devices.Add({"a", 100, 0});
    PlacementProblem::Item item;
    item.time.Add(time);
    batch.problem.items.Add(std::move(item));
    cases.push_back(std::move(batch));
  }
  const auto solver = BuiltinSolvers().Find("single-device")->make("");
  ASSERT_TRUE(solver.ok());
  const absl::StatusOr<BatchChoice> choice =
      ChooseBatch(cases, 100, **solver, "single-device", SolveLimits{});
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_EQ(choice->answers[0].period, choice->answers[1].period);
  EXPECT_EQ(choice->chosen, 1u);
}

}  // namespace
}  // namespace allot
