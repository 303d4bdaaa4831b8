#include "placement/value/evaluate.h"

#include <algorithm>

#include "gtest/gtest.h"

#include "placement/value/evaluator.h"
#include "placement/verify/verify.h"
#include "support/random.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;

// Devices joined by one bus (channel 0); a byte takes a picosecond. Items take the same time
// everywhere.
class Bus {
 public:
  explicit Bus(size_t num_devices) {
    problem_.num_channels = 1;
    problem_.routes.resize(num_devices);
    for (size_t d = 0; d < num_devices; ++d) {
      problem_.devices.Add({"d" + std::to_string(d), 1'000'000, 0});
      problem_.routes[DeviceId(d)].resize(num_devices,
                                          Route{{{0, kPicosPerSecond}}, {ChannelId(0)}});
    }
  }

  ItemId Item(Picos time, DeviceId device, Bytes memory = 0, Bytes workspace = 0) {
    PlacementProblem::Item item;
    item.name = "i" + std::to_string(problem_.items.size());
    item.memory = memory;
    item.workspace = workspace;
    item.time.resize(problem_.devices.size(), time);
    solution_.device_of.Add(device);
    solution_.order.push_back(ItemId(problem_.items.size()));
    return problem_.items.Add(item);
  }
  void Flow(ItemId from, std::vector<ItemId> to, Bytes bytes) {
    problem_.flows.Add({from, std::move(to), bytes, {}});
  }

  Schedule Run() const {
    const ProblemGraph graph = BuildGraph(problem_);
    EXPECT_TRUE(Check(problem_).ok()) << Check(problem_);
    Schedule schedule = Simulate(problem_, graph, solution_);
    const Score score = Evaluate(problem_, graph, solution_);
    if (score.feasible) {
      const absl::Status verified = Verify(problem_, solution_, schedule, score.objective);
      EXPECT_TRUE(verified.ok()) << verified;
    }
    return schedule;
  }
  Score Value() const { return Evaluate(problem_, BuildGraph(problem_), solution_); }

  PlacementProblem problem_;
  Solution solution_;
};

const DeviceId kD0(0), kD1(1), kD2(2);

TEST(Simulate, TransfersQueueFirstComeFirstServed) {
  Bus bus(3);
  const ItemId a = bus.Item(10, kD0), b = bus.Item(5, kD1);
  const ItemId c = bus.Item(1, kD2), d = bus.Item(1, kD2);
  bus.Flow(a, {c}, 20);
  bus.Flow(b, {d}, 20);
  const Schedule schedule = bus.Run();
  // b ends first, so its tensor goes first: 5..25; a's then waits from 10 to 25.
  ASSERT_EQ(schedule.transfers.size(), 2u);
  EXPECT_EQ(schedule.transfers[0].flow, FlowId(1));
  EXPECT_EQ(schedule.transfers[0].start, 5);
  EXPECT_EQ(schedule.transfers[1].start, 25);
  EXPECT_EQ(schedule.transfers[1].end, 45);
  // The order says c before d, so d waits although its input is there at 25.
  EXPECT_EQ(schedule.start[c], 45);
  EXPECT_EQ(schedule.start[d], 46);
}

TEST(Simulate, WithoutLinksNothingQueues) {
  Bus bus(3);
  bus.problem_.communication = Communication::kDelay;
  const ItemId a = bus.Item(10, kD0), b = bus.Item(5, kD1);
  const ItemId c = bus.Item(1, kD2);
  bus.Flow(a, {c}, 20);
  bus.Flow(b, {c}, 20);
  const Schedule schedule = bus.Run();
  EXPECT_EQ(schedule.start[c], 30);
}

TEST(Simulate, ATensorIsPaidOncePerReceivingDevice) {
  Bus bus(3);
  const ItemId a = bus.Item(10, kD0);
  const ItemId b = bus.Item(1, kD1), c = bus.Item(1, kD1), d = bus.Item(1, kD2);
  bus.Flow(a, {b, c, d}, 7);
  const Schedule schedule = bus.Run();
  ASSERT_EQ(schedule.transfers.size(), 2u);
  EXPECT_EQ(schedule.transfers[0].to, kD1);
  EXPECT_EQ(schedule.start[b], 17);
  EXPECT_EQ(schedule.start[c], 18);
  EXPECT_EQ(schedule.start[d], 24);
  EXPECT_EQ(bus.Value().moved, 14);
  EXPECT_EQ(bus.Value().channel_load[ChannelId(0)], 14);
}

TEST(Simulate, EndsOfOneInstantAreServedInFlowOrder) {
  Bus bus(3);
  const ItemId a = bus.Item(10, kD0), b = bus.Item(10, kD1);
  const ItemId c = bus.Item(1, kD2), d = bus.Item(1, kD2);
  bus.Flow(b, {c}, 3);
  bus.Flow(a, {d}, 4);
  const Schedule schedule = bus.Run();
  EXPECT_EQ(schedule.start[c], 13);
  EXPECT_EQ(schedule.start[d], 17);
}

TEST(Simulate, AHeldChannelDelaysARouteOverSeveral) {
  Bus bus(3);
  bus.problem_.num_channels = 2;
  bus.problem_.routes[kD0][kD2]->channels = {ChannelId(0), ChannelId(1)};
  bus.problem_.routes[kD1][kD2]->channels = {ChannelId(1)};
  const ItemId a = bus.Item(1, kD0), b = bus.Item(2, kD0), c = bus.Item(3, kD1);
  const ItemId x = bus.Item(1, kD1), y = bus.Item(1, kD2), z = bus.Item(1, kD2);
  bus.Flow(a, {x}, 10);  // channel 0: 1..11
  bus.Flow(b, {y}, 10);  // channels 0 and 1, asked for at 3: 11..21
  bus.Flow(c, {z}, 10);  // channel 1, asked for at 3, after b's: 21..31 although 1 is free till 11
  const Schedule schedule = bus.Run();
  EXPECT_EQ(schedule.start[x], 11);
  EXPECT_EQ(schedule.start[y], 21);
  EXPECT_EQ(schedule.start[z], 31);
}

TEST(Simulate, BlockingTransfersOccupyBothDevices) {
  Bus bus(2);
  bus.problem_.communication = Communication::kBlocking;
  const ItemId a = bus.Item(10, kD0), b = bus.Item(10, kD0);
  const ItemId c = bus.Item(4, kD1), d = bus.Item(1, kD1);
  bus.Flow(a, {d}, 5);
  const Schedule schedule = bus.Run();
  // a's transfer goes before b, which asks at the same instant.
  EXPECT_EQ(schedule.transfers[0].start, 10);
  EXPECT_EQ(schedule.start[b], 15);
  EXPECT_EQ(schedule.start[c], 0);
  EXPECT_EQ(schedule.start[d], 15);
  EXPECT_EQ(bus.Value().load[kD0], 25);
  EXPECT_EQ(bus.Value().load[kD1], 10);
}

TEST(Simulate, BlockingTransfersWaitForABusyReceiverAndHoldTheSender) {
  Bus bus(2);
  bus.problem_.communication = Communication::kBlocking;
  const ItemId a = bus.Item(10, kD0), b = bus.Item(10, kD0);
  const ItemId c = bus.Item(30, kD1), d = bus.Item(1, kD1);
  bus.Flow(a, {d}, 5);
  const Schedule schedule = bus.Run();
  EXPECT_EQ(schedule.start[c], 0);
  EXPECT_EQ(schedule.transfers[0].start, 30);
  EXPECT_EQ(schedule.start[b], 35);  // nothing overtakes the transfer on d0
  EXPECT_EQ(schedule.start[d], 35);
}

TEST(Simulate, LaunchOnArrivalDelaysConsumers) {
  Bus bus(2);
  bus.problem_.launch_on_arrival = true;
  bus.problem_.devices[kD1].part_cost = 100;
  const ItemId a = bus.Item(10, kD0), b = bus.Item(1, kD0), c = bus.Item(1, kD1);
  bus.Flow(a, {b, c}, 5);
  const Schedule schedule = bus.Run();
  EXPECT_EQ(schedule.start[b], 10);
  EXPECT_EQ(schedule.start[c], 115);
  bus.problem_.objective = PlacementObjective::kThroughput;
  EXPECT_EQ(bus.Value().objective, 101);
  bus.Run();
}

TEST(Evaluate, ThroughputIsTheLargestLoad) {
  Bus bus(2);
  bus.problem_.objective = PlacementObjective::kThroughput;
  const ItemId a = bus.Item(10, kD0), b = bus.Item(6, kD1);
  bus.Flow(a, {b}, 30);
  EXPECT_EQ(bus.Value().objective, 30);  // the bus
  EXPECT_EQ(bus.Value().makespan, 46);
  bus.problem_.communication = Communication::kDelay;
  EXPECT_EQ(bus.Value().objective, 10);
  bus.problem_.communication = Communication::kBlocking;
  EXPECT_EQ(bus.Value().objective, 40);
  bus.Run();
}

TEST(Evaluate, PeakCountsLiveTensors) {
  Bus bus(2);
  const ItemId a = bus.Item(10, kD0, 100), b = bus.Item(10, kD0, 0, 7), c = bus.Item(10, kD1, 50);
  const ItemId d = bus.Item(10, kD0);
  bus.Flow(a, {b}, 1);  // 0..20 on d0
  bus.Flow(a, {c}, 4);  // 0..14 on d0 until sent, 10..24 on d1
  bus.Flow(b, {d}, 2);  // 10..30 on d0
  bus.Flow(c, {}, 8);   // 14..end on d1
  const Schedule schedule = bus.Run();
  EXPECT_EQ(schedule.start[c], 14);
  EXPECT_EQ(schedule.start[d], 20);
  const Score score = bus.Value();
  EXPECT_EQ(score.resident[kD0], 100);
  EXPECT_EQ(score.peak[kD0], 100 + 1 + 4 + 2 + 7);  // while b runs and a's tensor is being sent
  EXPECT_EQ(score.peak[kD1], 50 + 4 + 8);
  bus.problem_.devices[kD0].memory = 114;
  EXPECT_TRUE(bus.Value().feasible);
  bus.problem_.devices[kD0].memory = 113;
  EXPECT_FALSE(bus.Value().feasible);
  EXPECT_EQ(bus.Value().objective, 30);
}

TEST(Evaluate, SharedMemoryCountsOncePerDevice) {
  Bus bus(2);
  const ItemId a = bus.Item(1, kD0), b = bus.Item(1, kD0), c = bus.Item(1, kD1);
  bus.problem_.shared.push_back({64, {a, b, c}});
  EXPECT_EQ(bus.Value().resident[kD0], 64);
  EXPECT_EQ(bus.Value().resident[kD1], 64);
}

TEST(Evaluate, WhatCannotRunOrArriveIsInfeasible) {
  Bus bus(2);
  const ItemId a = bus.Item(10, kD0), b = bus.Item(10, kD1);
  bus.Flow(a, {b}, 1);
  EXPECT_TRUE(bus.Value().feasible);
  bus.problem_.routes[kD0][kD1].reset();
  EXPECT_FALSE(bus.Value().feasible);
  // Measured times need no route.
  bus.problem_.flows[FlowId(0)].time.resize(2);
  for (auto& row : bus.problem_.flows[FlowId(0)].time) row.resize(2, 9);
  EXPECT_TRUE(bus.Value().feasible);
  EXPECT_EQ(bus.Value().objective, 29);
  bus.problem_.together.push_back({a, b});
  EXPECT_FALSE(bus.Value().feasible);
  bus.problem_.together.clear();
  bus.problem_.items[b].time[kD1].reset();
  EXPECT_FALSE(bus.Value().feasible);
  EXPECT_EQ(bus.Value().load[kD1], 0);
}

TEST(Better, OrdersByFeasibilityThenValue) {
  Score a, b;
  a.feasible = true;
  a.objective = 10;
  b.objective = 5;
  EXPECT_TRUE(Better(a, b));
  b.feasible = true;
  EXPECT_TRUE(Better(b, a));
  b = a;
  b.moved = 1;
  EXPECT_TRUE(Better(a, b));
  EXPECT_FALSE(Better(a, a));
}

// A random placement and a random topological order.
Solution RandomSolution(const PlacementProblem& problem, const ProblemGraph& graph,
                        Random& random) {
  Solution solution;
  for (const ItemId item : problem.items.ids()) {
    DeviceId device;
    do {
      device = DeviceId(size_t(random.Below(static_cast<int64_t>(problem.devices.size()))));
    } while (!problem.items[item].time[device].has_value());
    solution.device_of.Add(device);
  }
  IdVector<ItemId, size_t> missing(problem.items.size());
  std::vector<ItemId> ready;
  for (const ItemId item : problem.items.ids()) {
    missing[item] = graph.predecessors[item].size();
    if (missing[item] == 0) ready.push_back(item);
  }
  while (!ready.empty()) {
    std::swap(ready[random.Below(static_cast<int64_t>(ready.size()))], ready.back());
    const ItemId item = ready.back();
    ready.pop_back();
    solution.order.push_back(item);
    for (const ItemId next : graph.successors[item]) {
      if (--missing[next] == 0) ready.push_back(next);
    }
  }
  return solution;
}

TEST(Evaluator, AgreesWithEvaluateAndVerify) {
  int feasible = 0;
  for (uint64_t seed = 1; seed <= 600; ++seed) {
    const RandomProblemOptions options = RandomOptions(seed, 20);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    ASSERT_TRUE(Check(problem).ok()) << Check(problem);
    const ProblemGraph graph = BuildGraph(problem);
    Evaluator evaluator(problem, graph);
    Random random(seed);
    for (int trial = 0; trial < 5; ++trial) {
      const Solution solution = RandomSolution(problem, graph, random);
      const Score score = Evaluate(problem, graph, solution);
      const SearchValue value = evaluator.Value(solution);
      EXPECT_EQ(value.feasible(), score.feasible);
      EXPECT_EQ(value.objective, score.objective);
      if (value.violations > 0) continue;
      const Schedule schedule = Simulate(problem, graph, solution);
      const absl::Status verified = Verify(problem, solution, schedule, score.objective);
      EXPECT_EQ(verified.ok(), score.feasible) << verified;
      EXPECT_FALSE(Verify(problem, solution, schedule, score.objective + 1).ok());
      feasible += score.feasible ? 1 : 0;
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(feasible, 500);
}

TEST(Simulate, DependsOnSequencesNotOnTheOrderAcrossDevices) {
  // Swapping neighbours of the order on unlike devices changes nothing.
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const RandomProblemOptions options = RandomOptions(seed, 12);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    Random random(seed);
    Solution solution = RandomSolution(problem, graph, random);
    const Schedule before = Simulate(problem, graph, solution);
    for (size_t i = 1; i < solution.order.size(); ++i) {
      const ItemId a = solution.order[i - 1], b = solution.order[i];
      const std::vector<ItemId>& after = graph.successors[a];
      if (solution.device_of[a] == solution.device_of[b]) continue;
      if (std::find(after.begin(), after.end(), b) != after.end()) continue;
      std::swap(solution.order[i - 1], solution.order[i]);
    }
    const Schedule schedule = Simulate(problem, graph, solution);
    EXPECT_EQ(schedule.start, before.start);
    EXPECT_EQ(schedule.end, before.end);
  }
}

}  // namespace
}  // namespace allot
