#include "placement/glpk/glpk.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace allot {
namespace {

TEST(GlpkTest, SolvesAKnapsackAndStopsAtItsLimit) {
  // max 5a + 4b + 3c with 2a + 3b + c <= 5, 4a + b + 2c <= 11, 3a + 4b + 2c <= 8, binaries: a and
  // b fit alone (7 > ...), so the best is checked by hand: a + b = 9 with 5, 5, 7.
  MilpModel model;
  model.name = "knapsack";
  for (const double value : {5.0, 4.0, 3.0}) {
    model.AddColumn(
        {"c" + std::to_string(model.columns.size()), MilpModel::Kind::kBinary, 0, 1, -value});
  }
  model.AddRow({"r0", {{0, 2}, {1, 3}, {2, 1}}, -kMilpInfinity, 5});
  model.AddRow({"r1", {{0, 4}, {1, 1}, {2, 2}}, -kMilpInfinity, 11});
  model.AddRow({"r2", {{0, 3}, {1, 4}, {2, 2}}, -kMilpInfinity, 8});
  const auto solved = SolveWithGlpk(model, nullptr, 1000);
  ASSERT_TRUE(solved.ok()) << solved.status();
  EXPECT_EQ(solved->status, MilpStatus::kOptimal);
  EXPECT_NEAR(solved->objective, -9, 1e-6);
  EXPECT_NEAR(solved->bound, -9, 1e-6);

  const auto stopped = SolveWithGlpk(model, nullptr, 0);
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(stopped->status, MilpStatus::kCutOff);
  EXPECT_LE(stopped->bound, -9 + 1e-6);

  model.AddRow({"none", {{0, 1}}, 2, 3});
  const auto infeasible = SolveWithGlpk(model, nullptr, 1000);
  ASSERT_TRUE(infeasible.ok());
  EXPECT_EQ(infeasible->status, MilpStatus::kInfeasible);
}

TEST(GlpkTest, RefusesWrongInput) {
  MilpModel model;
  model.AddColumn({"x", MilpModel::Kind::kBinary, 0, 1, 1});
  model.AddRow({"r", {{0, 1}}, 1, 1});
  const std::vector<double> bad = {0};
  EXPECT_EQ(SolveWithGlpk(model, &bad, 10).status().message(),
            "the point to start from is not feasible");
  model.columns[0].upper = -1;
  EXPECT_FALSE(SolveWithGlpk(model, nullptr, 10).ok());
}

TEST(GlpkTest, EmptyModelsAreSolved) {
  const auto solved = SolveWithGlpk(MilpModel(), nullptr, 10);
  ASSERT_TRUE(solved.ok()) << solved.status();
}

}  // namespace
}  // namespace allot
