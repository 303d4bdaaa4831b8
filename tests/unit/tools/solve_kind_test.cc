#include "tools/solve_kind.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/colours_kind.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

constexpr char kProblem[] = R"({
  "schema": "allot.colours/1",
  "devices": [{"name": "a", "part_cost": 7}, {"name": "b", "part_cost": 2}],
  "items": 3,
  "apart": [[0, 1], [1, 2]]
})";

class SolveKindTest : public ::testing::Test {
 protected:
  KindResult Ask(const std::string& solver) {
    Kinds kinds = BuiltinKinds();
    kinds.push_back(kind_);
    auto problem = ReadProblemOfAnyKind(kinds, kProblem, "p.json");
    EXPECT_TRUE(problem.ok()) << problem.status();
    problem_ = *std::move(problem);
    return problem_->Ask(*ParseSolverChoice(solver), SolveLimits()).value();
  }
  const std::shared_ptr<const ProblemKind> kind_ = testing::ColoursKind();
  std::unique_ptr<ProblemInstance> problem_;
};

TEST_F(SolveKindTest, PrintsWhatIsProved) {
  const KindResult result = Ask("exhaustive");
  EXPECT_EQ(KindResultTable(*kind_, *problem_, result, 0.25, "p.json"),
            "p.json: a problem of the kind colours\n\n"
            "status              optimal\n"
            "objective           9 ps\n"
            "bound               9 ps (exhaustive)\n"
            "gap                 0.00 %, proved optimal\n"
            "found by            exhaustive, 0.25 s\n");
  const Json json = KindResultJson(*kind_, *problem_, result, 0.25);
  EXPECT_EQ(*json.Find("kind"), Json("colours"));
  EXPECT_EQ(*json.Find("objective"), Json(int64_t{9}));
  EXPECT_EQ(*json.Find("proved_optimal"), Json(true));
  EXPECT_EQ(*json.Find("answer"), Json(Json::Array{0, 1, 0}));
}

TEST_F(SolveKindTest, ClaimsNothingThatIsNotKnown) {
  const KindResult result = Ask("first-fit");
  EXPECT_THAT(KindResultTable(*kind_, *problem_, result, 0, "p.json"),
              HasSubstr("status              feasible\nobjective           9 ps\n"
                        "bound               none\nfound by            first-fit"));
  EXPECT_TRUE(KindResultJson(*kind_, *problem_, result, 0).Find("gap")->is_null());
}

TEST(GapOfTest, IsOfTheFigureEvenWhereMoreIsBetter) {
  const auto problem = ReadProblemOfAnyKind(BuiltinKinds(), R"({
    "schema": "allot.layer-flow/1", "layers": 1, "servers": [{"throughput": [100]}],
    "links": [{"from": "source", "to": 0, "capacity": 40}, {"from": 0, "to": "sink", "capacity": 60}]
  })",
                                            "p.json");
  ASSERT_TRUE(problem.ok()) << problem.status();
  const int64_t of_40 = *(*problem)->VerifyAnswer(*ParseJson("[[0, 1]]"), "a.json");
  const int64_t of_50 = of_40 - 10'000'000'000;
  EXPECT_EQ((*problem)->Objective(of_40), Json(40.0));
  EXPECT_DOUBLE_EQ(*GapOf(**problem, of_40, of_50), 0.25);
  EXPECT_EQ(GapOf(**problem, of_40, 0), std::nullopt);
  const int64_t of_0 = of_40 + 40'000'000'000;
  EXPECT_EQ(GapOf(**problem, of_0, of_50), std::nullopt);
}

TEST(ParseSolverChoiceTest, TakesOptionsInBraces) {
  EXPECT_EQ(ParseSolverChoice("heft")->name, "heft");
  EXPECT_EQ(ParseSolverChoice("heft")->options, "");
  EXPECT_EQ(ParseSolverChoice("local-search{restarts=2}")->name, "local-search");
  EXPECT_EQ(ParseSolverChoice("local-search{restarts=2}")->options, "restarts=2");
  EXPECT_THAT(std::string(ParseSolverChoice("heft{").status().message()),
              HasSubstr("expected NAME{option=value ...}"));
}

}  // namespace
}  // namespace allot
