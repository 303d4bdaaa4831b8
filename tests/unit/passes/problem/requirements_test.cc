// Plans that come from text may say anything: every pass must refuse what makes no sense.
#include "passes/problem/requirements.h"

#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/random.h"
#include "tests/models/build_graph.h"
#include "tests/models/random_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using ::testing::HasSubstr;
using testing::Planning;

ir::Module Model() {
  testing::RandomGraphOptions options;
  options.nodes = 12;
  return testing::RandomModule(options);
}

// What the passes say to a finished plan after `damage`.
std::string AfterDamage(const std::string& passes, const std::function<void(ir::Plan&)>& damage) {
  Planning planning(Model(), testing::SlowTarget(2));
  EXPECT_TRUE(planning.Run("place-default").ok());
  damage(planning.plan);
  return std::string(planning.Run(passes).message());
}

TEST(RequirementsTest, DamagedPlansAreRefused) {
  EXPECT_EQ(AfterDamage("schedule", [](ir::Plan&) {}), "");
  EXPECT_THAT(AfterDamage("schedule", [](ir::Plan& plan) { plan.features.clear(); }),
              HasSubstr("pass 'schedule': needs the work of each operator"));
  EXPECT_THAT(AfterDamage("place",
                          [](ir::Plan& plan) {
                            plan.cluster_of[ir::NodeId(0)] = ir::ClusterId(2000000000);
                          }),
              HasSubstr("numbered wrongly"));
  EXPECT_THAT(
      AfterDamage("place",
                  [](ir::Plan& plan) { plan.kernel_of[ir::NodeId(0)] = ir::KernelId(2000000000); }),
      HasSubstr("numbered wrongly"));
  EXPECT_THAT(AfterDamage("place",
                          [](ir::Plan& plan) { plan.cluster_of[ir::NodeId(1)] = ir::ClusterId(); }),
              HasSubstr("lacks a cluster or a kernel"));
  EXPECT_THAT(
      AfterDamage("place",
                  [](ir::Plan& plan) { plan.module_of[ir::ClusterId(0)] = ir::ModuleId(99); }),
      HasSubstr("run split-modularity again"));
  EXPECT_THAT(
      AfterDamage("refine", [](ir::Plan& plan) { plan.device_of[ir::ClusterId(0)] = DeviceId(7); }),
      HasSubstr("names a device that the target lacks"));
  EXPECT_THAT(AfterDamage("explain", [](ir::Plan& plan) { plan.order[0] = plan.order[1]; }),
              HasSubstr("does not name every cluster once"));
  EXPECT_THAT(AfterDamage("form-parts",
                          [](ir::Plan& plan) { std::swap(plan.order.front(), plan.order.back()); }),
              HasSubstr("which it needs; run place again"));
  EXPECT_THAT(AfterDamage("schedule",
                          [](ir::Plan& plan) { plan.part_of[ir::ClusterId(0)] = ir::PartId(500); }),
              HasSubstr("run form-parts again"));
  EXPECT_THAT(AfterDamage("schedule", [](ir::Plan& plan) { plan.parts.Add({}); }),
              HasSubstr("a part without clusters"));
  // Parts that do not fit are formed again.
  EXPECT_EQ(AfterDamage("form-parts,schedule",
                        [](ir::Plan& plan) { plan.part_of[ir::ClusterId(0)] = ir::PartId(500); }),
            "");
  EXPECT_THAT(AfterDamage("place", [](ir::Plan& plan) { plan.value_bytes[ir::ValueId(6)] = -5; }),
              HasSubstr("negative"));
}

TEST(RequirementsTest, RandomDamageNeverCrashes) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    Planning planning(Model(), testing::SlowTarget(2));
    ASSERT_TRUE(planning
                    .Run("infer-shapes,estimate-cost,coarsen,split-modularity,"
                         "place{solver=greedy},form-parts,schedule")
                    .ok());
    ir::Plan& plan = planning.plan;
    for (int64_t i = random.Between(1, 3); i > 0; --i) {
      const int32_t id = static_cast<int32_t>(random.Between(-1, 14));
      const size_t at = static_cast<size_t>(random.Below(static_cast<int64_t>(plan.order.size())));
      switch (random.Below(7)) {
        case 0:
          plan.cluster_of[ir::NodeId(at)] = ir::ClusterId(id);
          break;
        case 1:
          plan.kernel_of[ir::NodeId(at)] = ir::KernelId(id);
          break;
        case 2:
          plan.order[at] = ir::ClusterId(id);
          break;
        case 3:
          plan.part_of[ir::ClusterId(at)] = ir::PartId(id);
          break;
        case 4:
          plan.device_of[ir::ClusterId(at)] = DeviceId(id);
          break;
        case 5:
          plan.parts
              .raw()[static_cast<size_t>(random.Below(static_cast<int64_t>(plan.parts.size())))]
              .device = DeviceId(id);
          break;
        default:
          plan.order.pop_back();
          if (plan.order.empty()) plan.order.push_back(ir::ClusterId(0));
          break;
      }
    }
    // An error or a plan that holds, never an abort.
    for (const char* passes : {"schedule", "explain", "form-parts", "refine{work=1000}",
                               "place{solver=greedy}", "coarsen,place{solver=greedy}"}) {
      (void)planning.Run(passes);
    }
  }
}

}  // namespace
}  // namespace allot
