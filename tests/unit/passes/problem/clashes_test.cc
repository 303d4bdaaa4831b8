// Rules that leave no placement are named, few and rightly.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/problem/rule_clash.h"
#include "support/random.h"
#include "tests/models/build_graph.h"
#include "tests/models/random_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using ::testing::AllOf;
using testing::F32;
using ::testing::HasSubstr;
using testing::ModuleBuilder;
using ::testing::Not;
using testing::Planning;
using testing::SlowTarget;

constexpr char kPasses[] =
    "infer-shapes,estimate-cost,coarsen{fuse=false},place,refine,form-parts,schedule";

ir::Module TwoProducts() {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({4, 16}));
  const ir::ValueId a = b.Op("MatMul", {x, b.Weight("w1", {16, 16})}, F32({4, 16}));
  const ir::ValueId s = b.Op("Softmax", {a}, F32({4, 16}));
  return std::move(b).Finish({b.Op("MatMul", {s, b.Weight("w2", {16, 16})}, F32({4, 16}))});
}

std::string Error(Planning& planning) { return std::string(planning.Run(kPasses).message()); }

TEST(RuleClashTest, FindsTheFewestOfAll) {
  Random random(7);
  int found = 0;
  for (int round = 0; round < 300; ++round) {
    // Some sets of rules that clash; every set that holds one does.
    const auto num_rules = static_cast<size_t>(random.Between(1, 8));
    std::vector<uint32_t> cores;
    for (int64_t i = random.Between(1, 3); i > 0; --i) {
      cores.push_back(static_cast<uint32_t>(random.Below(int64_t{1} << num_rules)));
    }
    std::vector<size_t> rules;
    for (size_t i = 0; i < num_rules; ++i) rules.push_back(i);
    const auto clashes = [&](uint32_t set) {
      return std::any_of(cores.begin(), cores.end(),
                         [&](uint32_t core) { return (core & ~set) == 0; });
    };
    const auto possible = [&](const std::vector<size_t>& kept) {
      uint32_t set = 0;
      for (const size_t rule : kept) set |= 1u << rule;
      return !clashes(set);
    };
    int fewest = 99;
    for (const uint32_t core : cores) fewest = std::min(fewest, __builtin_popcount(core));
    for (const int budget : {100'000, 5}) {
      const std::optional<RuleClash> clash = FindRuleClash(rules, possible, budget);
      ASSERT_EQ(clash.has_value(), fewest > 0);
      if (!clash.has_value()) continue;
      ++found;
      EXPECT_FALSE(possible(clash->rules));
      for (size_t i = 0; i < clash->rules.size(); ++i) {
        std::vector<size_t> fewer = clash->rules;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_TRUE(possible(fewer));
      }
      if (clash->smallest) {
        EXPECT_EQ(static_cast<int>(clash->rules.size()), fewest);
      } else {
        EXPECT_TRUE(fewest > 3 || budget == 5);
      }
    }
  }
  EXPECT_GT(found, 300);
}

TEST(BlameRulesTest, PinOntoADeviceThatLacksTheOperator) {
  Planning planning(TwoProducts(), SlowTarget(2));
  planning.target.devices[DeviceId(1)].unsupported_ops = {"Softmax"};
  planning.AddRule(Rule::Effect::kPin, "MatMul_0", "", "d0");
  planning.AddRule(Rule::Effect::kPin, "", "Softmax", "d1");
  const std::string error = Error(planning);
  EXPECT_THAT(error, AllOf(HasSubstr("no placement: this rule cannot be kept: rules[1]; drop it"),
                           HasSubstr("d1 does not support Softmax"), Not(HasSubstr("rules[0]"))));
}

TEST(BlameRulesTest, ForbidsThatLeaveNoDevice) {
  Planning planning(TwoProducts(), SlowTarget(3));
  for (const char* device : {"d0", "d1", "d2"}) {
    planning.AddRule(Rule::Effect::kForbid, "", "MatMul", device);
  }
  planning.AddRule(Rule::Effect::kForbid, "", "Softmax", "d1");
  EXPECT_THAT(Error(planning),
              HasSubstr("no placement: these rules clash, and no fewer do: rules[0], rules[1], "
                        "rules[2]; drop one of them"));
}

TEST(BlameRulesTest, NodesThatMustStayTogether) {
  ModuleBuilder b;
  const ir::ValueId x = b.Input("x", F32({8, 8}));
  const ir::ValueId sequence = b.Op("SequenceConstruct", {x, x}, ir::Type::Sequence(F32({8, 8})));
  const ir::ValueId y =
      b.Op("ConcatFromSequence", {sequence}, F32({16, 8}), {{"axis", testing::Attr(int64_t{0})}});
  Planning planning(std::move(b).Finish({y}), SlowTarget(2));
  planning.AddRule(Rule::Effect::kPin, "", "SequenceConstruct", "d0");
  planning.AddRule(Rule::Effect::kForbid, "", "ConcatFromSequence", "d0");
  EXPECT_THAT(Error(planning), AllOf(HasSubstr("these rules clash, and no fewer do: rules[0], "
                                               "rules[1]; drop one of them"),
                                     HasSubstr("must run on one device")));
}

TEST(BlameRulesTest, CompanyThatNoDeviceCanHave) {
  Planning planning(TwoProducts(), SlowTarget(3));
  planning.AddRule(Rule::Effect::kForbid, "", "Softmax", "d2");
  planning.AddRule(Rule::Effect::kTogether, "", "MatMul", "d0");
  planning.AddRule(Rule::Effect::kPin, "MatMul_0", "", "d0");
  planning.AddRule(Rule::Effect::kPin, "MatMul_2", "", "d1");
  EXPECT_THAT(Error(planning),
              AllOf(HasSubstr("no placement: these rules clash, and no fewer do: rules[1], "
                              "rules[2], rules[3]; drop one of them"),
                    HasSubstr("d0: has to be with 'MatMul_2' by rules[1]: pinned to d1 by "
                              "rules[3]")));
}

TEST(BlameRulesTest, WeightsThatRulesBringTogether) {
  Planning planning(TwoProducts(), SlowTarget(2));
  for (Device& device : planning.target.devices) device.memory = 1900;  // a weight has 1024 bytes
  planning.AddRule(Rule::Effect::kPin, "MatMul_0", "", "d0");
  planning.AddRule(Rule::Effect::kPin, "MatMul_2", "", "d0");
  EXPECT_THAT(
      Error(planning),
      AllOf(HasSubstr("no placement: these rules clash, and no fewer do: rules[0], rules[1]; "
                      "2048 bytes of weights must be on d0 then, which has 1900 bytes"),
            HasSubstr("drop one of them")));
  // Too large for all devices together: no rule is to blame.
  Planning small(TwoProducts(), SlowTarget(2));
  for (Device& device : small.target.devices) device.memory = 900;
  small.AddRule(Rule::Effect::kPin, "MatMul_0", "", "d0");
  EXPECT_THAT(Error(small), AllOf(HasSubstr("the model fits nowhere"), Not(HasSubstr("rules["))));
}

TEST(BlameRulesTest, DevicesOutOfReach) {
  Planning planning(TwoProducts(), SlowTarget(2));
  planning.target.routes[DeviceId(0)][DeviceId(1)].reset();
  planning.AddRule(Rule::Effect::kForbid, "", "Softmax", "d0");
  planning.AddRule(Rule::Effect::kForbid, "MatMul_0", "", "d1");
  EXPECT_THAT(Error(planning),
              HasSubstr("these rules clash, and no fewer do: rules[0], rules[1]; they leave no "
                        "route from 'MatMul_0' to 'Softmax_1'"));
}

}  // namespace
}  // namespace allot
