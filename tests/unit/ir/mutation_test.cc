// Damaged text must give an error or a module that verifies, and never bring the program down.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "ir/parse.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "support/random.h"
#include "tests/models/build_graph.h"
#include "tests/models/rich_module.h"

namespace allot::ir {
namespace {

// One to three small damages: bytes changed, dropped or doubled, pieces moved, the end cut off.
std::string Damage(std::string text, Random& random) {
  constexpr absl::string_view kBytes = "\"#%!{}()[]<>:,=-^@x0919?*ab.\n\\\0\xff";
  const auto place = [&] {
    return static_cast<size_t>(random.Below(static_cast<int64_t>(text.size())));
  };
  for (int64_t count = random.Between(1, 3); count > 0 && text.size() > 1; --count) {
    const size_t at = place();
    const auto length = static_cast<size_t>(random.Between(1, 30));
    switch (random.Below(6)) {
      case 0:
        text[at] = kBytes[static_cast<size_t>(random.Below(kBytes.size()))];
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(at, length));
        break;
      case 3:
        text.insert(at, 1, kBytes[static_cast<size_t>(random.Below(kBytes.size()))]);
        break;
      case 4: {
        const std::string piece = text.substr(place(), length);
        text.insert(place(), piece);
        break;
      }
      default:
        if (random.Below(10) == 0) text.resize(at);
        text[at == 0 ? 0 : at - 1] = static_cast<char>(random.Below(256));
        break;
    }
  }
  return text;
}

int CountAccepted(const std::string& text, uint64_t seed, int rounds) {
  const Target target = testing::TwoDevices();
  Random random(seed);
  int accepted = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::string damaged = Damage(text, random);
    const absl::StatusOr<ParsedModule> parsed = Parse(damaged, "m.mlir", &target);
    if (!parsed.ok()) {
      EXPECT_EQ(parsed.status().message().substr(0, 7), "m.mlir:") << parsed.status().message();
      continue;
    }
    ++accepted;
    Diagnostics violations;
    EXPECT_TRUE(Verify(parsed->module, violations).ok());
    PrintOptions options;
    options.plan = &parsed->plan;
    options.target = &target;
    const std::string printed = Print(parsed->module, options);
    const absl::StatusOr<ParsedModule> again = Parse(printed, "again.mlir", &target);
    EXPECT_TRUE(again.ok()) << again.status().message();
    if (again.ok()) {
      EXPECT_TRUE(Equal(again->module, parsed->module)) << "round " << i;
      EXPECT_EQ(again->plan, parsed->plan) << "round " << i;
    }
  }
  return accepted;
}

std::string TextOf(const Module& module, bool with_plan) {
  const Target target = testing::TwoDevices();
  const Plan plan = testing::FullPlanWithLanes(module.graph);
  PrintOptions options;
  options.locations = true;
  options.plan = with_plan ? &plan : nullptr;
  options.target = &target;
  return Print(module, options);
}

TEST(MutationTest, RichModule) {
  const int accepted = CountAccepted(TextOf(testing::RichModule(), true), 1, 2500);
  EXPECT_GT(accepted, 20) << "the damages are so great that only the first check is tested";
}

TEST(MutationTest, NestedBodies) {
  EXPECT_GT(CountAccepted(TextOf(testing::NestedIf(), false), 2, 2500), 20);
}

TEST(MutationTest, FunctionsAndPlan) {
  EXPECT_GT(CountAccepted(TextOf(testing::WithFunctions(), true), 3, 2500), 20);
}

TEST(MutationTest, EveryPrefix) {
  const std::string text = TextOf(testing::NestedIf(), true);
  const Target target = testing::TwoDevices();
  for (size_t size = 0; size + 1 < text.size(); ++size) {
    EXPECT_FALSE(Parse(text.substr(0, size), "m.mlir", &target).ok()) << size;
  }
}

}  // namespace
}  // namespace allot::ir
