#include "tools/timing.h"

#include <algorithm>
#include <regex>
#include <string>

#include <gtest/gtest.h>

#include "support/json.h"

namespace allot {
namespace {

// With every number as "#".
std::string Shape(const Timing& timing, const TimingOptions& options) {
  return std::regex_replace(timing.Report(options), std::regex(" *-?[0-9]+\\.[0-9]+"), "#");
}

Timing TwoStages() {
  Timing timing;
  timing.Begin("Parser");
  timing.End();
  timing.Begin("Pipeline");
  timing.Begin("Cse");
  timing.Begin("(A) Verify");
  timing.End();
  timing.End();
  timing.Begin("Cse");
  timing.EndAll();
  timing.End();  // nothing runs
  return timing;
}

TEST(TimingTest, ATreeIsIndented) {
  EXPECT_NE(Shape(TwoStages(), {})
                .find("  ----Wall Time----  ----Name----\n"
                      "# (#%)  Parser\n"
                      "# (#%)  Pipeline\n"
                      "# (#%)    Cse\n"
                      "# (#%)      (A) Verify\n"
                      "# (#%)    Cse\n"
                      "# (#%)  Rest\n"
                      "# (#%)  Total\n"),
            std::string::npos)
      << Shape(TwoStages(), {});
}

TEST(TimingTest, AListAddsUpEqualNames) {
  TimingOptions options;
  options.display = "list";
  const std::string text = Shape(TwoStages(), options);
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_EQ(lines, 6 + 7) << text;  // the header; root, four names, Rest and Total
  EXPECT_NE(text.find("----Name----\n# (#%)  root\n"), std::string::npos) << text;
}

TEST(TimingTest, JsonIsJson) {
  for (const char* display : {"tree", "list"}) {
    TimingOptions options;
    options.display = display;
    options.format = "json";
    const absl::StatusOr<Json> json = ParseJson(TwoStages().Report(options));
    ASSERT_TRUE(json.ok()) << json.status().message();
  }
}

}  // namespace
}  // namespace allot
