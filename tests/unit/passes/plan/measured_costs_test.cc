// Plans made of measured times: what was fused stays together, and predictions are sums of rows.
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "passes/nodes/kernel_costs.h"
#include "support/random.h"
#include "target/cost_models/measured.h"
#include "target/measured/measured_target.h"
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

constexpr char kCoarsen[] = "infer-shapes,estimate-cost,coarsen";

// Planning with measured rows over the roofline.
class Measured : public Planning {
 public:
  Measured(ir::Module planned, Target machine, const std::string& rows)
      : Planning(std::move(planned), std::move(machine)) {
    const absl::StatusOr<MeasuredCosts> costs =
        ParseCosts("what,node,device,to,bytes,time_us,fused_into\n" + rows, "c.csv");
    EXPECT_TRUE(costs.ok()) << costs.status();
    ApplyMeasuredMachine(*costs, target);
    const Registry<CostModel> models = BuiltinCostModels();
    model_ = MakeMeasuredCostModel(*models.Find("roofline")->make(""), *costs);
    context.cost_model = model_.get();
  }
  bool SameKernel(const std::string& a, const std::string& b) const {
    return plan.kernel_of[NodeOf(a + "_y")] == plan.kernel_of[NodeOf(b + "_y")];
  }

 private:
  std::unique_ptr<CostModel> model_;
};

// Two matrix products with a MaxPool between them and one beside it, which no pattern fuses:
// MatMul_0 -> {MaxPool_1, MaxPool_2}; both -> Concat_3.
ir::Module Diamond() {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({1, 1, 8, 8}));
  const ir::ValueId y = b.Op("MatMul", {x, x}, F32({1, 1, 8, 8}));
  const ir::AttributeMap kernel = {{"kernel_shape", testing::Attr(std::vector<int64_t>{1, 1})}};
  const ir::ValueId left = b.Op("MaxPool", {y}, F32({1, 1, 8, 8}), kernel);
  const ir::ValueId right = b.Op("MaxPool", {y}, F32({1, 1, 8, 8}), kernel);
  const ir::ValueId z =
      b.Op("Concat", {left, right}, F32({1, 1, 16, 8}), {{"axis", testing::Attr(int64_t{2})}});
  return std::move(b).Finish({z});
}

TEST(MeasuredFusionTest, WhatWasFusedIsOneKernel) {
  Measured planning(Diamond(), SlowTarget(2),
                    "op,MaxPool_1,d1,,,0,MatMul_0\nop,MatMul_0,d1,,,5,\n");
  ASSERT_TRUE(planning.Run(kCoarsen).ok()) << planning.Run(kCoarsen);
  EXPECT_TRUE(planning.SameKernel("MatMul_0", "MaxPool_1"));
  EXPECT_FALSE(planning.SameKernel("MatMul_0", "MaxPool_2"));
  EXPECT_FALSE(planning.SameKernel("MatMul_0", "Concat_3"));
  ASSERT_TRUE(planning.Run("infer-shapes,estimate-cost,coarsen{fuse=false}").ok());
  EXPECT_FALSE(planning.SameKernel("MatMul_0", "MaxPool_1"));
}

TEST(MeasuredFusionTest, DevicesThatTheTargetLacksFuseNothing) {
  Measured planning(Diamond(), SlowTarget(2),
                    "op,MaxPool_1,gpu,,,0,MatMul_0\nop,MatMul_0,gpu,,,5,\n");
  ASSERT_TRUE(planning.Run(kCoarsen).ok());
  EXPECT_FALSE(planning.SameKernel("MatMul_0", "MaxPool_1"));
}

TEST(MeasuredFusionTest, ACycleIsNotMade) {
  // MatMul_0 and Concat_3 leave out what lies between them.
  Measured apart(Diamond(), SlowTarget(2),
                 "op,Concat_3,cpu,,,0,MatMul_0\nop,MaxPool_1,cpu,,,0,MatMul_0\n"
                 "op,MatMul_0,cpu,,,5,\n");
  ASSERT_TRUE(apart.Run(kCoarsen).ok());
  EXPECT_TRUE(apart.SameKernel("MatMul_0", "MaxPool_1")) << "what can be joined still is";
  EXPECT_FALSE(apart.SameKernel("MatMul_0", "Concat_3"));
  // With all of it there is no cycle, whatever the order of rows.
  Measured whole(Diamond(), SlowTarget(2),
                 "op,MaxPool_2,cpu,,,0,MatMul_0\nop,Concat_3,cpu,,,0,MatMul_0\n"
                 "op,MatMul_0,cpu,,,5,\nop,MaxPool_1,cpu,,,0,MatMul_0\n");
  ASSERT_TRUE(whole.Run(kCoarsen).ok());
  EXPECT_TRUE(whole.diagnostics.all().empty());
  for (const char* node : {"MaxPool_1", "MaxPool_2", "Concat_3"}) {
    EXPECT_TRUE(whole.SameKernel("MatMul_0", node)) << node;
  }
}

TEST(MeasuredFusionTest, RulesHold) {
  const std::string rows =
      "op,MaxPool_1,cpu,,,0,MatMul_0\nop,MaxPool_2,cpu,,,0,MatMul_0\n"
      "op,Concat_3,cpu,,,0,MatMul_0\nop,MatMul_0,cpu,,,5,\n";
  Measured planning(Diamond(), SlowTarget(2), rows);
  planning.AddRule(Rule::Effect::kPin, "MaxPool_2", "", "d1");
  ASSERT_TRUE(planning.Run(kCoarsen).ok());
  EXPECT_TRUE(planning.SameKernel("MatMul_0", "MaxPool_1"));
  EXPECT_FALSE(planning.SameKernel("MatMul_0", "MaxPool_2"));
  EXPECT_FALSE(planning.SameKernel("MatMul_0", "Concat_3")) << "goes through the pinned node";
  ASSERT_EQ(planning.diagnostics.all().size(), 1u);
  EXPECT_THAT(planning.diagnostics.all()[0].message,
              HasSubstr("cannot stay with it (2, first 'MaxPool_2')"));
}

TEST(MeasuredFusionTest, KernelsThatGiveSomethingAwayEarlyRunFirst) {
  // MatMul_0 and MaxPool_2 are one; MaxPool_1 uses the first and lies between them.
  Measured planning(Diamond(), SlowTarget(1),
                    "op,MaxPool_2,cpu,,,0,MatMul_0\nop,MatMul_0,cpu,,,5,\n"
                    "op,MaxPool_1,cpu,,,3,\nop,Concat_3,cpu,,,2,\n");
  ASSERT_TRUE(planning.Run("place-default").ok()) << planning.Run("place-default");
  ASSERT_TRUE(planning.SameKernel("MatMul_0", "MaxPool_2"));
  const auto start = [&](const char* value) {
    return planning.plan.node_time[planning.NodeOf(value)].start;
  };
  EXPECT_EQ(start("MatMul_0_y"), 3 * kPicosPerMicro);  // after the launch
  EXPECT_EQ(start("MaxPool_1_y"), 8 * kPicosPerMicro);
  EXPECT_EQ(start("Concat_3_y"), 11 * kPicosPerMicro);
}

// Rows for all nodes of a random model on `device`; some of them fused into an earlier one. Adds
// the times up.
std::string RandomRows(const ir::Module& module, const std::string& device, Random& random,
                       Picos& sum) {
  const std::vector<ir::NodeId> nodes = module.graph.nodes();
  std::string rows;
  std::vector<std::string> kernels;
  for (const ir::NodeId node : nodes) {
    const std::string name = module.graph.node(node).name;
    if (!kernels.empty() && random.Below(3) == 0) {
      const int64_t last = static_cast<int64_t>(kernels.size()) - 1;
      const std::string& into =
          kernels[static_cast<size_t>(random.Between(std::max<int64_t>(0, last - 2), last))];
      absl::StrAppend(&rows, "op,", name, ",", device, ",,,0,", into, "\n");
      continue;
    }
    const int64_t time = random.Between(1, 100);
    sum += time * kPicosPerMicro;
    absl::StrAppend(&rows, "op,", name, ",", device, ",,,", time, ",\n");
    kernels.push_back(name);
  }
  return rows;
}

TEST(MeasuredCostsTest, OneDeviceTakesTheSumOfItsRowsAndItsLaunch) {
  for (const ir::Objective objective : {ir::Objective::kLatency, ir::Objective::kThroughput}) {
    for (uint64_t seed = 1; seed <= 8; ++seed) {
      Random random(seed);
      RandomGraphOptions options;
      options.seed = seed;
      options.nodes = static_cast<int>(random.Between(1, 60));
      Picos sum = 0;
      ir::Module module = RandomModule(options);
      const std::string rows = RandomRows(module, "d1", random, sum) + "launch,,d1,,,17,\n";
      Measured planning(std::move(module), SlowTarget(3), rows);
      planning.context.objective = objective;
      planning.AddRule(Rule::Effect::kPin, ".*", "", "d1");
      ASSERT_TRUE(planning.Run("place-default").ok()) << planning.Run("place-default");
      const ir::Summary& summary = *planning.plan.summary;
      EXPECT_EQ(summary.value, sum + 17 * kPicosPerMicro) << seed;
      EXPECT_LE(summary.lower_bound, summary.value) << seed;
      EXPECT_GE(summary.lower_bound, summary.value - summary.value / 10'000) << seed;
    }
  }
}

// Whatever was fused and however long transfers take, every partition is acyclic and the plan holds
// what it promises; schedule verifies the schedule and that no bound exceeds the value.
TEST(MeasuredCostsTest, PlansOfRandomRowsHold) {
  int64_t joined = 0, proved = 0;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Random random(seed);
    RandomGraphOptions options;
    options.seed = seed;
    options.nodes = static_cast<int>(seed % 2 == 0 ? random.Between(1, 9) : random.Between(1, 80));
    Target target = SlowTarget(3);
    // One pair that only measuring joins, in one direction.
    target.routes[DeviceId(0)][DeviceId(2)].reset();
    target.routes[DeviceId(2)][DeviceId(0)].reset();
    ir::Module module = RandomModule(options);
    Picos sum = 0;
    std::string rows;
    for (const char* device : {"d0", "d1", "d2"}) rows += RandomRows(module, device, random, sum);
    absl::StrAppend(&rows, "launch,,cpu,,,", random.Between(0, 9), ",\n");
    const std::pair<const char*, const char*> pairs[] = {{"d0", "d1"}, {"d1", "d0"}, {"d0", "d2"}};
    for (const auto& [from, to] : pairs) {
      for (const int64_t bytes : {64, 4096}) {
        absl::StrAppend(&rows, "transfer,,", from, ",", to, ",", bytes, ",", random.Between(1, 40),
                        ",\n");
      }
    }
    Measured planning(std::move(module), std::move(target), rows);
    planning.context.objective =
        seed % 4 < 2 ? ir::Objective::kLatency : ir::Objective::kThroughput;
    if (random.Below(3) == 0) planning.AddRule(Rule::Effect::kForbid, "", "Relu", "d1");
    ASSERT_TRUE(planning.Run("place-default").ok()) << seed << planning.Run("place-default");
    const ir::Plan& plan = planning.plan;
    const Picos bound = plan.summary->lower_bound, value = plan.summary->value;
    EXPECT_LE(bound, value);
    proved += bound == value;
    std::map<ir::KernelId, int> sizes;
    for (const ir::NodeId node : planning.module.graph.nodes()) ++sizes[plan.kernel_of[node]];
    for (const auto& [kernel, size] : sizes) joined += size - 1;
    for (const ir::NodeId node : planning.module.graph.nodes()) {
      for (const ir::ValueId operand : planning.module.graph.node(node).operands) {
        const ir::NodeId producer = planning.module.graph.value(operand).producer;
        if (!producer.valid() || plan.kernel_of[producer] == plan.kernel_of[node]) continue;
        EXPECT_GE(plan.node_time[node].start, plan.node_time[producer].end);
      }
    }
    if (seed % 2 == 0) {
      // Another way to the same: no placement beats the bound.
      ASSERT_TRUE(planning
                      .Run("infer-shapes,estimate-cost,coarsen,place{solver=brute-force},"
                           "form-parts,schedule")
                      .ok());
      EXPECT_LE(bound, plan.summary->value) << seed;
    }
  }
  EXPECT_GE(joined, 100);
  EXPECT_GE(proved, 12);
}

}  // namespace
}  // namespace allot
