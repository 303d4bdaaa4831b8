// Each cause of a cut on a model and target where exactly that applies, checked by other means:
// what cannot move cannot by the problem or by the verifier, what costs costs just that.
#include <algorithm>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/explaining/moves.h"
#include "passes/nodes/device_constraints.h"
#include "passes/problem/cluster_problem.h"
#include "placement/verify/verify.h"
#include "tests/models/build_graph.h"
#include "tests/models/random_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::F32;
using ::testing::HasSubstr;
using testing::ModuleBuilder;
using testing::Planning;
using testing::RandomGraphOptions;
using testing::RandomModule;
using testing::SlowTarget;

constexpr char kPasses[] =
    "infer-shapes,estimate-cost,coarsen{fuse=false},place,refine,form-parts,schedule,explain";

// x -> MatMul with w1 -> Softmax -> MatMul with w2.
ir::Module Sandwich(int64_t size = 32) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({size, size}));
  const ir::ValueId a = b.Op("MatMul", {x, b.Weight("w1", {size, size})}, F32({size, size}));
  const ir::ValueId s = b.Op("Softmax", {a}, F32({size, size}));
  return std::move(b).Finish(
      {b.Op("MatMul", {s, b.Weight("w2", {size, size})}, F32({size, size}))});
}

// The score of the plan with one cluster elsewhere and every cluster a part of its own.
Score MovedAlone(const Planning& planning, ir::NodeId node, DeviceId device) {
  absl::StatusOr<BuiltProblem> built =
      BuildClusterProblem(planning.module, planning.plan, planning.context);
  EXPECT_TRUE(built.ok());
  Solution solution = PlannedSolution(planning.plan);
  solution.device_of[ItemId(planning.plan.cluster_of[node].index())] = device;
  return Evaluate(built->problem, BuildGraph(built->problem), solution);
}

TEST(CutCauseTest, Support) {
  Planning planning(Sandwich(), SlowTarget(2));
  planning.target.devices[DeviceId(0)].unsupported_ops = {"MatMul"};
  planning.target.devices[DeviceId(1)].unsupported_ops = {"Softmax"};
  ASSERT_TRUE(planning.Run(kPasses).ok());
  ASSERT_EQ(planning.plan.cuts.size(), 2u);
  for (const ir::Cut& cut : planning.plan.cuts) {
    EXPECT_EQ(cut.cause, ir::CutCause::kSupport);
    EXPECT_EQ(cut.bytes, 32 * 32 * 4);
    EXPECT_THAT(cut.why, HasSubstr("does not support"));
  }
  // No device but its own takes either end.
  for (const ir::NodeId node : planning.module.graph.nodes()) {
    const DeviceId other(1 - planning.plan.DeviceOf(node).index());
    EXPECT_FALSE(MovedAlone(planning, node, other).feasible);
  }
}

TEST(CutCauseTest, Pin) {
  Planning planning(Sandwich(), SlowTarget(2));
  planning.AddRule(Rule::Effect::kPin, "", "Softmax", "d0");
  planning.AddRule(Rule::Effect::kForbid, "", "MatMul", "d0");
  ASSERT_TRUE(planning.Run(kPasses).ok());
  ASSERT_EQ(planning.plan.cuts.size(), 2u);
  for (const ir::Cut& cut : planning.plan.cuts) {
    EXPECT_EQ(cut.cause, ir::CutCause::kPin);
    EXPECT_THAT(cut.why, HasSubstr("rules["));
  }
  // Without the rules nothing has to cross.
  Planning free(Sandwich(), SlowTarget(2));
  ASSERT_TRUE(free.Run(kPasses).ok());
  EXPECT_EQ(free.plan.cuts.size(), 0u);
}

TEST(CutCauseTest, Memory) {
  Planning planning(Sandwich(), SlowTarget(2));
  // One weight each and what flows, but not both weights.
  for (Device& device : planning.target.devices) device.memory = 4 * 32 * 32 * 4 - 1;
  for (const Device& device : planning.target.devices) {
    ASSERT_GT(device.memory, 3 * 32 * 32 * 4);
  }
  planning.target.devices[DeviceId(0)].flops["default"] =
      20'000'000;  // unlike devices play no part
  ASSERT_TRUE(planning.Run(kPasses).ok()) << planning.Run(kPasses);
  ASSERT_EQ(planning.plan.cuts.size(), 1u);
  const ir::Cut& cut = planning.plan.cuts[0];
  EXPECT_EQ(cut.cause, ir::CutCause::kMemory) << cut.why;
  EXPECT_THAT(cut.why, HasSubstr("would have to hold"));
  // Everything on one device is cheaper, and the independent check refuses it.
  absl::StatusOr<BuiltProblem> built =
      BuildClusterProblem(planning.module, planning.plan, planning.context);
  ASSERT_TRUE(built.ok());
  for (const DeviceId device : planning.target.devices.ids()) {
    Solution together = PlannedSolution(planning.plan);
    together.device_of = Placement(together.device_of.size(), device);
    const ProblemGraph graph = BuildGraph(built->problem);
    const Score score = Evaluate(built->problem, graph, together);
    EXPECT_FALSE(score.feasible);
    EXPECT_LT(score.objective, planning.plan.summary->value);
    EXPECT_GT(score.peak[device], planning.target.devices[device].memory);
  }
}

TEST(CutCauseTest, ObjectiveCostsWhatItSays) {
  // Two heavy branches: worth two devices.
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({48, 48}));
  const ir::ValueId left = b.Op("MatMul", {x, b.Weight("w1", {48, 48})}, F32({48, 48}));
  const ir::ValueId right = b.Op("MatMul", {x, b.Weight("w2", {48, 48})}, F32({48, 48}));
  const ir::ValueId sum = b.Op("Add", {left, right}, F32({48, 48}));
  Target rivals = SlowTarget(2);
  rivals.devices[DeviceId(0)].flops["default"] = 18'000'000;
  Planning planning(std::move(b).Finish({sum}), rivals);
  ASSERT_TRUE(planning.Run(kPasses).ok());
  // One product crosses to the sum; the other must not wait for it, so the sum is a part by itself.
  ASSERT_EQ(planning.plan.cuts.size(), 2u);
  const auto crosses = [&](const ir::Cut& tried) {
    return planning.plan.parts[tried.from].device != planning.plan.parts[tried.to[0]].device;
  };
  ASSERT_NE(crosses(planning.plan.cuts[0]), crosses(planning.plan.cuts[1]));
  const ir::Cut& cut = planning.plan.cuts[crosses(planning.plan.cuts[0]) ? 0 : 1];
  const ir::Cut& inner = planning.plan.cuts[crosses(planning.plan.cuts[0]) ? 1 : 0];
  ASSERT_EQ(cut.cause, ir::CutCause::kObjective) << cut.why;
  ASSERT_EQ(inner.cause, ir::CutCause::kObjective) << inner.why;
  Partition joined = PlannedParts(planning.plan);
  for (ItemId& part : joined.part_of) {
    if (part == ItemId(inner.from.index())) part = ItemId(inner.to[0].index());
  }
  // Renumbered without the part that is gone.
  for (ItemId& part : joined.part_of) {
    if (part > ItemId(inner.from.index())) part = ItemId(part.index() - 1);
  }
  --joined.num_parts;
  absl::StatusOr<BuiltProblem> built =
      BuildClusterProblem(planning.module, planning.plan, planning.context);
  ASSERT_TRUE(built.ok());
  const Score score = EvaluateParts(built->problem, PlannedSolution(planning.plan), joined);
  ASSERT_TRUE(score.feasible);
  EXPECT_EQ(inner.why, "joining the two parts would add " +
                           AmountText(score.objective - planning.plan.summary->value));
  // Plans again with the producer pinned to where the reader is, and the other way round.
  const ir::NodeId producer = planning.module.graph.value(cut.value).producer;
  const ir::NodeId reader = planning.module.graph.users(cut.value)[0];
  Picos least = std::numeric_limits<Picos>::max();
  for (const bool move_producer : {true, false}) {
    Planning moved(ir::Module(planning.module), rivals);
    for (const ir::NodeId node : planning.module.graph.nodes()) {
      const bool moves = node == (move_producer ? producer : reader);
      const DeviceId device = moves ? planning.plan.DeviceOf(move_producer ? reader : producer)
                                    : planning.plan.DeviceOf(node);
      moved.AddRule(Rule::Effect::kPin, planning.module.graph.node(node).name, "",
                    planning.target.devices[device].name);
    }
    ASSERT_TRUE(moved.Run(kPasses).ok());
    const Picos change = moved.plan.summary->value - planning.plan.summary->value;
    EXPECT_GT(change, 0);
    EXPECT_THAT(cut.why, HasSubstr("would add " + AmountText(change)));
    least = std::min(least, change);
  }
  EXPECT_THAT(cut.why, HasSubstr("cheaper by " + AmountText(least) + " of " +
                                 AmountText(planning.plan.summary->value)));
}

TEST(CutCauseTest, Cycle) {
  // The first and the last can only be on d1, what lies between only on d0, and the last also reads
  // the first.
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({16, 16}));
  const ir::ValueId a = b.Op("Sigmoid", {x}, F32({16, 16}));
  const ir::ValueId m = b.Op("Softmax", {a}, F32({16, 16}));
  Planning planning(std::move(b).Finish({b.Op("Add", {a, m}, F32({16, 16}))}), SlowTarget(2));
  planning.target.devices[DeviceId(0)].supported_ops = {"Softmax"};
  planning.target.devices[DeviceId(1)].unsupported_ops = {"Softmax"};
  ASSERT_TRUE(planning.Run(kPasses).ok());
  ASSERT_EQ(planning.plan.parts.size(), 3u);
  ASSERT_EQ(planning.plan.cuts.size(), 3u);
  const ir::Cut& cut = planning.plan.cuts[1];  // of the first value: to d0, then to d1
  EXPECT_EQ(cut.cause, ir::CutCause::kCycle) << cut.why;
  EXPECT_THAT(cut.why, HasSubstr("'Softmax_1' on d0 has to run in between"));
  ASSERT_EQ(cut.to.size(), 1u);
  EXPECT_EQ(planning.plan.parts[cut.from].device, planning.plan.parts[cut.to[0]].device);
  // As one part the plan does not hold.
  ir::Plan joined = planning.plan;
  joined.cuts.clear();
  for (ir::PartId& part : joined.part_of) {
    if (part == cut.to[0]) part = cut.from;
  }
  Diagnostics diagnostics;
  EXPECT_FALSE(ir::VerifyPlan(planning.module.graph, planning.target, joined, diagnostics).ok());
}

TEST(CutCauseTest, RoutesThatAreMissing) {
  Planning planning(Sandwich(), SlowTarget(3));
  // Only d2 runs Softmax, and nothing leads there from d0.
  for (const int device : {0, 1}) {
    planning.target.devices[DeviceId(device)].unsupported_ops = {"Softmax"};
  }
  planning.target.devices[DeviceId(2)].unsupported_ops = {"MatMul"};
  planning.target.routes[DeviceId(0)][DeviceId(2)].reset();
  ASSERT_TRUE(planning.Run(kPasses).ok());
  const ir::ClusterId first = planning.plan.cluster_of[planning.NodesOf("MatMul")[0]];
  EXPECT_EQ(planning.plan.device_of[first], DeviceId(1));
  EXPECT_FALSE(planning.plan.alternatives[first].has_value());
  EXPECT_THAT(planning.plan.reasons[first], HasSubstr("d0 cannot take it"));
}

TEST(AlternativeTest, IsWhatThePlanCostsThen) {
  Planning planning(Sandwich(), SlowTarget(2));
  ASSERT_TRUE(planning.Run(kPasses).ok());
  const ir::ClusterId cluster = planning.plan.cluster_of[planning.NodesOf("Softmax")[0]];
  ASSERT_TRUE(planning.plan.alternatives[cluster].has_value());
  const ir::Alternative next = *planning.plan.alternatives[cluster];
  Planning moved(Sandwich(), SlowTarget(2));
  moved.AddRule(Rule::Effect::kPin, "", "Softmax", planning.target.devices[next.device].name);
  moved.AddRule(Rule::Effect::kPin, "", "MatMul",
                planning.target.devices[planning.plan.device_of[cluster]].name);
  ASSERT_TRUE(moved.Run(kPasses).ok());
  EXPECT_EQ(next.value, moved.plan.summary->value);
}

// On plans of random graphs: no move that is said to be possible is worth more than planned by a
// plan that nothing beats, and what is said not to fit does not.
TEST(MovesTest, HoldOnRandomGraphs) {
  int moves = 0, cuts = 0;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    RandomGraphOptions options;
    options.seed = seed;
    options.nodes = 7;
    Planning planning(RandomModule(options), SlowTarget(2));
    ASSERT_TRUE(planning.Run(kPasses).ok());
    const ir::Plan& plan = planning.plan;
    const bool optimal = plan.summary->value == plan.summary->lower_bound;
    for (const std::optional<ir::Alternative>& next : plan.alternatives) {
      if (!next.has_value()) continue;
      ++moves;
      if (optimal) {
        EXPECT_GE(next->value, plan.summary->value) << "seed " << seed;
      }
    }
    for (const ir::Cut& cut : plan.cuts) {
      ++cuts;
      EXPECT_TRUE(cut.cause == ir::CutCause::kObjective || cut.cause == ir::CutCause::kCycle)
          << cut.why;
      if (optimal) {
        EXPECT_EQ(cut.why.find("save"), std::string::npos) << cut.why;
      }
    }
  }
  EXPECT_GT(moves, 100);
  EXPECT_GT(cuts, 10);
}

}  // namespace
}  // namespace allot
