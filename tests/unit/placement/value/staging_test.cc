// Transfers through host memory, contiguous placements and execution in calls: what they cost,
// worked out by hand.
#include "gtest/gtest.h"

#include "placement/problem/contiguity.h"
#include "placement/value/call_evaluator.h"
#include "placement/value/evaluate.h"
#include "placement/verify/verify.h"

namespace allot {
namespace {

const ItemId kA(0), kB(1), kC(2), kD(3);
const DeviceId kCpu(0), kG1(1), kG2(2);

// A feeds B and C by one tensor, both feed D; 10 on an accelerator, 100 on the CPU; A's tensor
// takes 3 between an accelerator and host memory, B's 4, C's 5.
PlacementProblem Diamond() {
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  problem.communication = Communication::kBlocking;
  for (const char* name : {"cpu", "g1", "g2"}) problem.devices.Add({name, 1000, 0});
  for (const char* name : {"a", "b", "c", "d"}) {
    PlacementProblem::Item item;
    item.name = name;
    item.memory = 100;
    for (const Picos time : {100, 10, 10}) item.time.Add(time);
    problem.items.Add(item);
  }
  const auto add = [&problem](ItemId from, std::vector<ItemId> to, Picos time) {
    PlacementProblem::Flow flow{from, std::move(to), 7, {}};
    for (const Picos t : {Picos{0}, time, time}) flow.staging.Add(t);
    problem.flows.Add(std::move(flow));
  };
  add(kA, {kB, kC}, 3);
  add(kB, {kD}, 4);
  add(kC, {kD}, 5);
  return problem;
}

Solution At(const PlacementProblem& problem, std::vector<DeviceId> devices) {
  Solution solution;
  for (const DeviceId device : devices) solution.device_of.Add(device);
  solution.order = BuildGraph(problem).topological;
  return solution;
}

absl::Status Verified(const PlacementProblem& problem, const Solution& solution) {
  const ProblemGraph graph = BuildGraph(problem);
  return Verify(problem, solution, Simulate(problem, graph, solution),
                Evaluate(problem, graph, solution).objective);
}

TEST(StagingTest, SenderStoresOnceAndEachReceiverLoadsOnce) {
  const PlacementProblem problem = Diamond();
  ASSERT_TRUE(Check(problem).ok()) << Check(problem);
  // g1: a, stores 3 for b and c. g2: b and c, loads 3 once, stores 4 and 5. CPU: d for free.
  const Solution solution = At(problem, {kG1, kG2, kG2, kCpu});
  const Score score = Evaluate(problem, BuildGraph(problem), solution);
  EXPECT_EQ(score.load[kG1], 10 + 3);
  EXPECT_EQ(score.load[kG2], 20 + 3 + 4 + 5);
  EXPECT_EQ(score.load[kCpu], 100);
  EXPECT_EQ(score.objective, 100);
  EXPECT_TRUE(Verified(problem, solution).ok()) << Verified(problem, solution);
}

TEST(StagingTest, LoadsWaitForTheStore) {
  PlacementProblem problem = Diamond();
  problem.objective = PlacementObjective::kLatency;
  const ProblemGraph graph = BuildGraph(problem);
  const Solution solution = At(problem, {kG1, kG1, kG2, kG2});
  const Schedule schedule = Simulate(problem, graph, solution);
  // a ends at 10, stores until 13, g2 loads until 16 and runs c until 26; g1 runs b from 13 to 23,
  // stores until 27, g2 loads until 31 and runs d.
  EXPECT_EQ(schedule.start[kC], 16);
  EXPECT_EQ(schedule.start[kB], 13);
  EXPECT_EQ(schedule.start[kD], 31);
  EXPECT_EQ(schedule.transfers.size(), 4u);
  EXPECT_TRUE(Verified(problem, solution).ok()) << Verified(problem, solution);
  // With delays alone nothing waits but consumers.
  problem.communication = Communication::kDelay;
  EXPECT_EQ(Simulate(problem, graph, solution).start[kB], 10);
  EXPECT_EQ(Simulate(problem, graph, solution).start[kD], 20 + 4 + 4);
  EXPECT_TRUE(Verified(problem, solution).ok()) << Verified(problem, solution);
}

TEST(StagingTest, WrongStagingIsRefused) {
  PlacementProblem problem = Diamond();
  problem.flows[FlowId(1)].staging.clear();
  problem.flows[FlowId(1)].staging.Add(1);
  EXPECT_FALSE(Check(problem).ok());
  problem = Diamond();
  problem.devices[kCpu].pool = true;
  EXPECT_FALSE(Check(problem).ok());
}

TEST(ContiguityTest, DevicesMustHaveAnOrder) {
  PlacementProblem problem = Diamond();
  problem.contiguous = true;
  const ProblemGraph graph = BuildGraph(problem);
  EXPECT_TRUE(Evaluate(problem, graph, At(problem, {kG1, kG1, kG2, kG2})).feasible);
  const Solution torn = At(problem, {kG1, kG2, kG1, kG1});
  EXPECT_FALSE(Evaluate(problem, graph, torn).feasible);
  EXPECT_FALSE(Verified(problem, torn).ok());
}

TEST(ContiguityTest, ConvexPartsThatWaitForEachOtherAreNotContiguous) {
  // a -> b and c -> d: {a, d} and {b, c} are both convex, but neither can come first.
  PlacementProblem problem = Diamond();
  problem.flows.clear();
  problem.flows.Add({kA, {kB}, 1, {}, IdVector<DeviceId, Picos>(3, 1)});
  problem.flows.Add({kC, {kD}, 1, {}, IdVector<DeviceId, Picos>(3, 1)});
  problem.contiguous = true;
  const Solution solution = At(problem, {kG1, kG2, kG2, kG1});
  EXPECT_FALSE(Evaluate(problem, BuildGraph(problem), solution).feasible);
  EXPECT_FALSE(Verified(problem, solution).ok());
}

TEST(ContiguityTest, BackwardItemsFollowTheirGroups) {
  // a -> b, then back b' -> a': the backward pass leads from b's device to a's, which is no harm.
  PlacementProblem problem = Diamond();
  problem.flows.clear();
  for (const ItemId back : {kC, kD}) problem.items[back].backward = true;
  const auto flow = [&problem](ItemId from, ItemId to) {
    problem.flows.Add({from, {to}, 1, {}, IdVector<DeviceId, Picos>(3, 1)});
  };
  flow(kA, kB);
  flow(kB, kC);
  flow(kC, kD);
  problem.contiguous = true;
  problem.together = {{kB, kC}, {kA, kD}};
  const ProblemGraph graph = BuildGraph(problem);
  EXPECT_TRUE(Evaluate(problem, graph, At(problem, {kG1, kG2, kG2, kG1})).feasible);
  EXPECT_EQ(BuildContiguityBlocks(problem).num_blocks, 2);
  // Without the group of a, its image is an orphan and stands for itself: before b, like a.
  problem.together = {{kB, kC}};
  EXPECT_TRUE(Evaluate(problem, graph, At(problem, {kG1, kG2, kG2, kG1})).feasible);
  const ContiguityBlocks blocks = BuildContiguityBlocks(problem);
  EXPECT_EQ(blocks.num_blocks, 3);
  EXPECT_LT(blocks.block_of[kD], blocks.block_of[kB]);
}

TEST(ContiguityTest, GroupsThatEncloseOthersSwallowThem) {
  PlacementProblem problem = Diamond();
  problem.together = {{kA, kD}};
  const ContiguityBlocks blocks = BuildContiguityBlocks(problem);
  EXPECT_EQ(blocks.num_blocks, 1);
}

PlacementProblem Calls(int32_t calls_per_device) {
  PlacementProblem problem = Diamond();
  problem.objective = PlacementObjective::kLatency;
  problem.execution = Execution::kCalls;
  problem.calls_per_device = calls_per_device;
  problem.devices[kCpu].pool = true;
  return problem;
}

TEST(CallsTest, ACallLastsItsItemsLoadsAndStores) {
  const PlacementProblem problem = Calls(1);
  ASSERT_TRUE(Check(problem).ok()) << Check(problem);
  // a on the pool until 100; g1 loads 3, runs b and c, stores 4 and 5: until 132; d on the pool.
  const Solution solution = At(problem, {kCpu, kG1, kG1, kCpu});
  const Score score = Evaluate(problem, BuildGraph(problem), solution);
  EXPECT_TRUE(score.feasible);
  EXPECT_EQ(score.objective, 100 + 3 + 20 + 9 + 100);
  EXPECT_TRUE(Verified(problem, solution).ok()) << Verified(problem, solution);
  // b and c on the pool run at once.
  EXPECT_EQ(Evaluate(problem, BuildGraph(problem), At(problem, {kCpu, kCpu, kCpu, kCpu})).objective,
            300);
}

TEST(CallsTest, ACallCannotWaitForItself) {
  const PlacementProblem problem = Calls(1);
  const Solution solution = At(problem, {kG1, kG1, kCpu, kG1});
  EXPECT_FALSE(Evaluate(problem, BuildGraph(problem), solution).feasible);
  EXPECT_FALSE(Verified(problem, solution).ok());
}

TEST(CallsTest, CallsOfADeviceFollowEachOther) {
  const PlacementProblem problem = Calls(2);
  Solution solution = At(problem, {kG1, kG1, kCpu, kG1});
  for (const int32_t call : {0, 0, 0, 1}) solution.call_of.Add(call);
  // Call 0: a, b, stores 3 and 4: until 27. c on the pool until 127. Call 1 loads 4 and 5, runs d.
  const Score score = Evaluate(problem, BuildGraph(problem), solution);
  EXPECT_TRUE(score.feasible);
  EXPECT_EQ(score.objective, 27 + 100 + 9 + 10);
  EXPECT_TRUE(Verified(problem, solution).ok()) << Verified(problem, solution);
  // The other way round they wait for each other.
  solution.call_of[kA] = solution.call_of[kB] = 1;
  solution.call_of[kD] = 0;
  EXPECT_FALSE(Evaluate(problem, BuildGraph(problem), solution).feasible);
  EXPECT_FALSE(Verified(problem, solution).ok());
}

TEST(CallsTest, MemoryHoldsOverAllCallsOfADevice) {
  PlacementProblem problem = Calls(2);
  problem.devices[kG1].memory = 199;
  Solution solution = At(problem, {kG1, kCpu, kCpu, kG1});
  for (const int32_t call : {0, 0, 0, 1}) solution.call_of.Add(call);
  EXPECT_FALSE(Evaluate(problem, BuildGraph(problem), solution).feasible);
  problem.devices[kG1].memory = 200;
  EXPECT_TRUE(Evaluate(problem, BuildGraph(problem), solution).feasible);
}

}  // namespace
}  // namespace allot
