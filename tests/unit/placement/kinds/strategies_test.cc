// The kind strategies: answers and bounds against trying everything, rules, texts.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "placement/kinds/kind.h"
#include "placement/kinds/strategies/model/evaluate.h"
#include "placement/kinds/strategies/model/format.h"
#include "placement/kinds/strategies/model/verify.h"
#include "placement/kinds/strategies/solvers.h"
#include "tests/models/random_strategies.h"

namespace allot {
namespace {

using strategies::Choice;
using strategies::Problem;
using ::testing::HasSubstr;

ResultOf<Choice> Ask(const Problem& problem, const std::string& solver, int64_t work = 200'000) {
  SolveLimits limits;
  limits.work = work;
  const auto made = MakeSolver(strategies::Solvers(), SolverChoice{solver, ""}, strategies::kName);
  EXPECT_TRUE(made.ok()) << made.status();
  const auto result = (*made)->Solve(problem, limits);
  EXPECT_TRUE(result.ok()) << result.status();
  return *result;
}

// Many shapes: trees, dense, tight, loose, with pairs that follow from each other, with none.
Problem Shape(uint64_t seed) {
  testing::RandomStrategiesOptions options;
  options.nodes = static_cast<int32_t>(3 + seed % 6);
  options.edges = static_cast<int32_t>(seed / 6 % 3 * static_cast<uint64_t>(options.nodes) / 2 + 2);
  options.most_strategies = seed % 7 == 0 ? 6 : 4;
  options.percent_equal = static_cast<int32_t>(seed / 2 % 4 * 25);
  options.percent_forbidden = static_cast<int32_t>(seed % 3 * 15);
  options.percent_of_usage = static_cast<int32_t>(20 + seed % 5 * 25);
  return testing::RandomStrategies(seed, options);
}

TEST(Strategies, AnswersAndBoundsAreThoseOfTryingEverything) {
  int optimal = 0, infeasible = 0;
  for (uint64_t seed = 0; seed < 3'000; ++seed) {
    SCOPED_TRACE(seed);
    const Problem problem = Shape(seed);
    ASSERT_TRUE(Check(problem).ok()) << Check(problem);
    const ResultOf<Choice> best = Ask(problem, "exhaustive"), found = Ask(problem, "prices");
    ASSERT_EQ(found.termination, best.termination);
    if (!best.best.has_value()) {
      ++infeasible;
      continue;
    }
    ++optimal;
    const auto value = Verify(problem, *found.best);
    ASSERT_TRUE(value.ok()) << value.status();
    ASSERT_EQ(*value, *Verify(problem, *best.best));
    ASSERT_EQ(*value, Evaluate(problem, *found.best));
    ASSERT_EQ(found.bound, *value);
  }
  EXPECT_GT(optimal, 500);
  EXPECT_GT(infeasible, 200);
}

TEST(Strategies, BoundsHoldHoweverLittleWorkThereIs) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    const Problem problem = Shape(seed);
    const ResultOf<Choice> best = Ask(problem, "exhaustive"), found = Ask(problem, "prices", 1);
    if (!best.best.has_value()) {
      EXPECT_FALSE(found.best.has_value());
      continue;
    }
    EXPECT_LE(found.bound, Evaluate(problem, *best.best));
    EXPECT_NE(found.termination, Termination::kInfeasible);
  }
}

TEST(Strategies, TheSameWorkGivesTheSameAnswer) {
  testing::RandomStrategiesOptions options;
  options.nodes = 60, options.edges = 90, options.most_strategies = 8;
  options.percent_of_usage = 35, options.percent_forbidden = 0;
  const Problem problem = testing::RandomStrategies(5, options);
  const ResultOf<Choice> one = Ask(problem, "prices", 20'000);
  const ResultOf<Choice> two = Ask(problem, "prices", 20'000);
  ASSERT_TRUE(one.best.has_value());
  EXPECT_EQ(*one.best, *two.best);
  EXPECT_EQ(one.bound, two.bound);
  EXPECT_EQ(one.work, two.work);
}

constexpr char kTwo[] = R"({"problem": {
  "nodes": {"intervals": [[0, 5], [3, 9]], "costs": [[1, 2], [3, 1000000000000000000, 4]],
            "usages": [[5, 1], [4, 0, 3]]},
  "edges": {"nodes": [[0, 1]], "costs": [[7, 0, 1000000000000000000, 5, 0, 6]]},
  "usage_limit": 8}})";

std::unique_ptr<ProblemInstance> Read(const std::string& text) {
  auto problem = ReadProblemOfAnyKind(BuiltinKinds(), text, "p.json");
  EXPECT_TRUE(problem.ok()) << problem.status();
  return *std::move(problem);
}

std::string ErrorOf(absl::string_view text) {
  return std::string(ReadProblemOfAnyKind(BuiltinKinds(), text, "p.json").status().message());
}

TEST(Strategies, RulesHaveNames) {
  const auto problem = Read(kTwo);
  const auto verdict = [&](int a, int b) {
    const auto value = problem->VerifyAnswer(Json::Array{a, b}, "a.json");
    return value.ok() ? absl::StrCat(*value) : std::string(value.status().message());
  };
  EXPECT_EQ(verdict(1, 0), "10");
  EXPECT_EQ(verdict(1, 2), "12");
  EXPECT_EQ(verdict(0, 0),
            "at time 3 the nodes that live use 9, more than usage_limit, which is 8");
  EXPECT_EQ(verdict(1, 1), "strategy 1 of node 1 is forbidden");
  EXPECT_EQ(verdict(0, 2), "strategy 0 of node 0 and strategy 2 of node 1 forbid each other");
  EXPECT_EQ(verdict(0, 3), "a.json: strategies[1]: must be a number from 0 to 2");
  EXPECT_THAT(std::string(problem->VerifyAnswer(Json::Array{0}, "a.json").status().message()),
              HasSubstr("has 1 strategies for 2 nodes"));
}

TEST(Strategies, JudgesPlansInAllTheirForms) {
  const auto problem = Read(kTwo);
  const Json::Array plan = {1, 0};
  for (const Json& form : {Json(plan), Json(Json::Object{{"strategies", plan}}),
                           Json(Json::Object{{"status", "feasible"}, {"strategies", plan}})}) {
    const auto judgement = problem->Judge(form, "plan.json");
    ASSERT_TRUE(judgement.ok()) << judgement.status();
    EXPECT_EQ(*judgement->Find("objective"), Json(10));
  }
  EXPECT_FALSE(problem->Judge(Json::Object{{"placement", plan}}, "plan.json").ok());
}

TEST(Strategies, FindsTheBestOfAPublishedFormAndOfOurs) {
  for (const std::string& text : {std::string(kTwo), Read(kTwo)->Print()}) {
    const auto result = Read(text)->Ask({"prices", ""}, SolveLimits());
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->termination, Termination::kOptimal);
    EXPECT_EQ(result->value, 10);
    EXPECT_EQ(*result->answer, Json(Json::Object{{"strategies", Json::Array{1, 0}}}));
  }
}

TEST(Strategies, SayWhatIsWrongWithAFile) {
  const auto with = [](absl::string_view nodes, absl::string_view edges, absl::string_view limit) {
    return absl::StrCat(R"({"problem": {"nodes": {)", nodes, R"(}, "edges": {)", edges,
                        R"(}, "usage_limit": )", limit, "}}");
  };
  const std::string one = R"("intervals": [[0, 1]], "costs": [[1, 2]], "usages": [[1, 2]])";
  const std::string none = R"("nodes": [], "costs": [])";
  EXPECT_EQ(ErrorOf(with(one, none, "5")), "");
  EXPECT_THAT(ErrorOf(with(one, none, "-1")),
              HasSubstr("p.json: usage_limit: must not be negative"));
  EXPECT_THAT(ErrorOf(with(one, none, "\"x\"")), HasSubstr("usage_limit"));
  EXPECT_THAT(ErrorOf(with("", none, "5")), HasSubstr("problem.nodes.intervals: is missing"));
  EXPECT_THAT(
      ErrorOf(with(R"("intervals": [[0]], "costs": [[1, 2.5]], "usages": [[1]])", none, "5")),
      ::testing::AllOf(HasSubstr("problem.nodes.intervals[0]: must be two whole numbers"),
                       HasSubstr("problem.nodes.costs[0][1]: must be a whole number of 64 bits"),
                       HasSubstr("problem.nodes.usages[0]: has 1 usages for 2 strategies")));
  EXPECT_THAT(ErrorOf(with(R"("intervals": [[3, 1]], "costs": [[1]], "usages": [[1]])", none, "5")),
              HasSubstr("nodes.intervals[0]: ends at 1, before it begins, at 3"));
  EXPECT_THAT(
      ErrorOf(with(R"("intervals": [[0, 1]], "costs": [[-1]], "usages": [[1]])", none, "5")),
      HasSubstr("nodes.costs[0][0]: must not be negative"));
  EXPECT_THAT(ErrorOf(with(R"("intervals": [[0, 1]], "costs": [[]], "usages": [[]])", none, "5")),
              HasSubstr("nodes.costs[0]: has no strategy"));
  EXPECT_THAT(ErrorOf(with(one, R"("nodes": [[0, 1]], "costs": [[1]])", "5")),
              HasSubstr("problem.edges.nodes[0]: there is no node 1"));
  EXPECT_THAT(ErrorOf(with(one, R"("nodes": [[0, 0]], "costs": [[1]])", "5")),
              HasSubstr("problem.edges.costs[0]: has 1 costs for 2 x 2"));
  EXPECT_THAT(ErrorOf(with(one, R"("nodes": [], "costs": [[1]])", "5")),
              HasSubstr("has 0 pairs of nodes and 1 matrices"));
  EXPECT_THAT(ErrorOf(R"({"schema": "allot.strategies/1"})"),
              HasSubstr("p.json: problem: must be"));
  EXPECT_THAT(ErrorOf(with(one, none, "5, \"limit\": 3")), HasSubstr("limit"));
}

// Sums beyond 64 bits are no sums that wrap.
TEST(Strategies, HugeCostsNeitherWrapNorCrash) {
  const std::string huge = "999999999999999999";
  const auto problem = Read(absl::StrCat(
      R"({"problem": {"nodes": {"intervals": [[0, 1], [0, 1]], "costs": [[)", huge, ", 0], [", huge,
      R"(, 1e18]], "usages": [[1, 2], [1, 2]]}, "edges": {"nodes": [[0, 1]], "costs": [[)", huge,
      ", ", huge, ", 9223372036854775807, ", huge, R"(]]}, "usage_limit": 9223372036854775807}})"));
  const auto result = problem->Ask({"prices", ""}, SolveLimits());
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->termination, Termination::kInfeasible);  // 10^18 or more, whatever is chosen
  EXPECT_THAT(std::string(problem->VerifyAnswer(Json::Array{0, 0}, "a").status().message()),
              HasSubstr("costs 10^18 or more in total"));
}

}  // namespace
}  // namespace allot
