// Several uses of a model that share one placement.
#include "api/scenarios.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "api/compile.h"
#include "api/placement_setup.h"
#include "examples/models/onnx_builder.h"

namespace allot {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// Two branches for any batch.
std::string Branches() {
  examples::OnnxBuilder net("branches", 13);
  const std::string x = net.Input("x", {"n", 8, 32, 32});
  const std::string left = net.ConvRelu(x, 8, 16, 5, 1, "left");
  const std::string right = net.ConvRelu(x, 8, 16, 5, 1, "right");
  net.Concat({left, right}, 1, "end");
  net.Output("end_out", {"n", 32, 32, 32});
  return net.model().SerializeAsString();
}

absl::StatusOr<Compilation> Compiled(const std::vector<std::string>& scenarios,
                                     const std::vector<std::string>& dims,
                                     ir::Objective objective) {
  CompileOptions options;
  options.target = "cpu-2gpu";
  options.scenarios = scenarios;
  options.dims = dims;
  options.objective = objective;
  Diagnostics diagnostics;
  return CompileBytes(Branches(), "m.onnx", options, diagnostics);
}

TEST(ScenariosTest, AreANameSizesAndACount) {
  const auto parsed =
      ParseScenarios({"prefill:tokens=512,past=0", "decode:tokens=1,past=512*100"}, {"batch=2"}, 3);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_THAT(*parsed, SizeIs(2));
  EXPECT_EQ((*parsed)[0].name, "prefill");
  EXPECT_EQ((*parsed)[0].weight, 1);
  EXPECT_EQ((*parsed)[0].dims.symbols,
            (std::map<std::string, int64_t>{{"batch", 2}, {"past", 0}, {"tokens", 512}}));
  EXPECT_EQ((*parsed)[1].weight, 100);
  EXPECT_EQ((*parsed)[1].dims.fallback, 3);
}

TEST(ScenariosTest, WhatIsWrongIsNamed) {
  const auto error = [](const std::vector<std::string>& scenarios) {
    return std::string(ParseScenarios(scenarios, {"batch=2"}, 1).status().message());
  };
  EXPECT_THAT(error({"past=0"}), HasSubstr("--scenario=past=0: expected NAME:SIZES"));
  EXPECT_THAT(error({":past=0"}), HasSubstr("expected NAME:SIZES"));
  EXPECT_THAT(error({"a:past=0*0"}), HasSubstr("'0' is no number of inferences"));
  EXPECT_THAT(error({"a:past=0*1e3"}), HasSubstr("'1e3' is no number of inferences"));
  EXPECT_THAT(error({"a:past=x"}), HasSubstr("--scenario=a:past=x: "));
  EXPECT_THAT(error({"a:batch=3"}), HasSubstr("'batch' is 2 already"));
  EXPECT_THAT(error({"a:past=1", "a:past=2"}), HasSubstr("there is a scenario 'a' already"));
}

TEST(ScenariosTest, TimesAddUpAndMemoryIsTheLargest) {
  for (const ir::Objective objective : {ir::Objective::kLatency, ir::Objective::kThroughput}) {
    const auto both = Compiled({"small:n=1*5", "large:n=16"}, {}, objective);
    ASSERT_TRUE(both.ok()) << both.status();
    const std::vector<Provenance::Scenario>& scenarios = both->made_from.scenarios;
    ASSERT_THAT(scenarios, SizeIs(2));
    EXPECT_LT(scenarios[0].value, scenarios[1].value);
    const Picos round = 5 * scenarios[0].value + scenarios[1].value;
    // Loads of one resource add up; of paths, and of what is the largest, the sum can only be more.
    EXPECT_LE(both->plan.summary->value, round);
    EXPECT_GE(both->plan.summary->value, round / 2);
    EXPECT_LE(both->plan.summary->lower_bound, both->plan.summary->value);
  }
}

TEST(ScenariosTest, OneScenarioIsThePlanOfItsSizes) {
  const auto one = Compiled({"only:n=16"}, {}, ir::Objective::kLatency);
  const auto plain = Compiled({}, {"n=16"}, ir::Objective::kLatency);
  ASSERT_TRUE(one.ok() && plain.ok()) << one.status() << plain.status();
  EXPECT_EQ(one->plan.summary->value, plain->plan.summary->value);
  EXPECT_EQ(one->plan.device_of, plain->plan.device_of);
  EXPECT_EQ(one->made_from.scenarios[0].value, plain->plan.summary->value);
}

TEST(ScenariosTest, AModelOfNothingIsRefused) {
  const auto nothing = Compiled({}, {"n=0"}, ir::Objective::kLatency);
  EXPECT_THAT(std::string(nothing.status().message()), HasSubstr("--dim=n=0: "));
  const auto scenario = Compiled({"a:n=1", "b:n=0"}, {}, ir::Objective::kLatency);
  EXPECT_THAT(std::string(scenario.status().message()), HasSubstr("scenario 'b'"));
}

}  // namespace
}  // namespace allot
