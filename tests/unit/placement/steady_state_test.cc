// Replicas and batches: worked out by hand, and held against enumeration.
#include "placement/steady_state.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "gtest/gtest.h"

#include "placement/batching.h"
#include "placement/load_model.h"
#include "placement/solver.h"
#include "support/random.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
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

TEST(SteadyStateTest, MemoryForOneReplicaLeavesThePipeline) {
  PlacementProblem problem = Chain();
  for (PlacementProblem::MachineDevice& device : problem.devices) device.memory = 60;
  const ProblemGraph graph = BuildGraph(problem);
  Solution split;
  for (const int32_t d : {0, 1, 1}) split.device_of.Add(DeviceId(d));
  split.order = graph.topological;
  const absl::StatusOr<SteadyState> state = SolveSteadyState(problem, graph, &split, 100'000);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_TRUE(state->score.feasible);
  EXPECT_EQ(state->score.period, 19);
  // Two placements that are fine alone are not together.
  ReplicatedPlacement both{{split, split}, {1, 1}};
  both.placements[1].device_of[ItemId(0)] = DeviceId(1);
  both.placements[1].device_of[ItemId(1)] = DeviceId(0);
  both.placements[1].device_of[ItemId(2)] = DeviceId(0);
  EXPECT_FALSE(Evaluate(problem, graph, both).feasible);
  EXPECT_FALSE(Verify(problem, both, Evaluate(problem, graph, both).period).ok());
}

TEST(SteadyStateTest, BoundsHoldAndAnswersVerifyOnRandomProblems) {
  int solved = 0, better = 0;
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    RandomProblemOptions options =
        seed % 3 == 0 ? RandomOptions(seed, 6) : RandomStagedOptions(seed, 6);
    options.objective = PlacementObjective::kThroughput;
    options.calls = false;
    options.contiguous = false;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const absl::StatusOr<SteadyState> state = SolveSteadyState(problem, graph, nullptr, 50'000);
    ASSERT_TRUE(state.ok()) << state.status();
    // No mixture of placements can beat the bound: enough to see that none does for the weights
    // that all mixtures share, so hold it against each placement and against random mixtures.
    const LoadModel model = BuildLoadModel(problem);
    std::vector<std::vector<Picos>> all;
    std::vector<int32_t> device(static_cast<size_t>(model.num_units));
    Picos best = std::numeric_limits<Picos>::max();
    const std::function<void(int32_t)> place = [&](int32_t unit) {
      if (unit == model.num_units) {
        const Solution solution = ToSolution(model, graph, device);
        if (!Evaluate(problem, graph, solution).feasible) return;
        best = std::min(best, LargestLoad(model, device, &all.emplace_back()));
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
    Random random(seed);
    for (int i = 0; i < 200; ++i) {
      const int64_t parts = random.Between(2, 4);
      std::vector<Picos> sum(all[0].size(), 0);
      for (int64_t p = 0; p < parts; ++p) {
        const std::vector<Picos>& loads =
            all[static_cast<size_t>(random.Below(static_cast<int64_t>(all.size())))];
        for (size_t r = 0; r < sum.size(); ++r) sum[r] += loads[r];
      }
      EXPECT_LE(state->bound.value * parts, *std::max_element(sum.begin(), sum.end()) + parts - 1);
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
  EXPECT_EQ(cases[choice->index].size, 8);
  EXPECT_EQ(choice->period, (38 + 38 + 5 + 7) / 8);
  // One inference less of time: all on one device still fits, with nothing moved.
  choice = ChooseBatch(cases, 123, **solver, "brute-force", limits);
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_LE(choice->result.score.makespan, 123);
  EXPECT_EQ(ChooseBatch(cases, 29, **solver, "brute-force", limits).status().code(),
            absl::StatusCode::kNotFound);
  choice = ChooseBatch(cases, 30, **solver, "brute-force", limits);
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_EQ(cases[choice->index].size, 1);
}

}  // namespace
}  // namespace allot
