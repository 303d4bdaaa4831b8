// What plans of divided models are compared with.
#include "api/undivided.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "api/compile.h"
#include "target/rule.h"
#include "tests/models/build_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::F32;
using testing::ModuleBuilder;

ir::Module Feedforward() {
  ModuleBuilder m;
  const ir::ValueId x = m.Op("Identity", {m.Input("x", F32({2, 256}))}, F32({2, 256}));
  const ir::ValueId up = m.Op("MatMul", {x, m.Weight("up", {256, 512})}, F32({2, 512}));
  const ir::ValueId act = m.Op("Sigmoid", {up}, F32({2, 512}));
  return std::move(m).Finish({m.Op("MatMul", {act, m.Weight("down", {512, 256})}, F32({2, 256}))});
}

CompileOptions OnTwo(ir::Objective objective) {
  CompileOptions options;
  options.machine = testing::SlowTarget(2);
  options.objective = objective;
  return options;
}

Compilation Compiled(const CompileOptions& options) {
  Diagnostics diagnostics;
  absl::StatusOr<Compilation> result =
      CompileModule(Feedforward(), "model", options, diagnostics, {});
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : Compilation();
}

TEST(UndividedTest, BaselinesAreThoseOfTheModelAsItWas) {
  for (const ir::Objective objective : {ir::Objective::kLatency, ir::Objective::kThroughput}) {
    CompileOptions options = OnTwo(objective);
    const Compilation whole = Compiled(options);
    ASSERT_TRUE(whole.plan.summary.has_value());
    EXPECT_FALSE(whole.made_from.undivided);
    options.tensor_width = "2";
    const Compilation divided = Compiled(options);
    ASSERT_TRUE(divided.plan.summary.has_value());
    ASSERT_TRUE(IsDivided(*divided.module));
    EXPECT_TRUE(divided.made_from.undivided);
    // Those of the whole model come first, and what searches give is left out.
    const auto named = [](const Compilation& from, const std::string& name) {
      for (const ir::Baseline& baseline : from.plan.summary->baselines) {
        if (baseline.name == name) return baseline.value;
      }
      ADD_FAILURE() << name;
      return std::optional<Picos>();
    };
    for (const ir::Baseline& baseline : divided.plan.summary->baselines) {
      EXPECT_TRUE(baseline.value.has_value()) << baseline.name;
      EXPECT_EQ(baseline.value, named(whole, baseline.name)) << baseline.name;
    }
    EXPECT_EQ(divided.plan.summary->baselines.size(),
              objective == ir::Objective::kLatency ? 3u : 4u);
  }
}

TEST(UndividedTest, PinsOfSlicesAreNotTheUsersRules) {
  CompileOptions options = OnTwo(ir::Objective::kLatency);
  options.tensor_width = "2";
  const Compilation divided = Compiled(options);
  EXPECT_FALSE(divided.target.rules.empty());
  EXPECT_FALSE(HasRulesOfUser(divided.target));
  const DeviceId second = DeviceId(1);
  options.pins = {".*=" + options.machine->devices[second].name};
  const Compilation pinned = Compiled(options);
  EXPECT_TRUE(HasRulesOfUser(pinned.target));
  // The user's rules hold for what is compared with.
  for (const ir::Baseline& baseline : pinned.plan.summary->baselines) {
    if (baseline.name == "single:" + options.machine->devices[DeviceId(0)].name) {
      EXPECT_FALSE(baseline.value.has_value());
    }
  }
}

TEST(UndividedTest, WhereNothingIsDividedNothingIsSaid) {
  CompileOptions options = OnTwo(ir::Objective::kLatency);
  options.sparse = "2";  // dense weights stay whole
  const Compilation whole = Compiled(options);
  ASSERT_TRUE(whole.plan.summary.has_value());
  EXPECT_FALSE(IsDivided(*whole.module));
  EXPECT_FALSE(whole.made_from.undivided);
  EXPECT_FALSE(HasRulesOfUser(whole.target));
}

}  // namespace
}  // namespace allot
