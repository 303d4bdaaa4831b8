#include "placement/formats/solution_json.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "placement/formats/problem_json.h"
#include "placement/solver.h"
#include "support/random.h"
#include "tests/models/damaged_json.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

// a feeds b and c; 2 ms to move.
constexpr char kProblem[] = R"({
  "schema": "allot.problem/1",
  "devices": [{"name": "x"}, {"name": "y", "memory": 10}],
  "items": [{"name": "a", "time": ["4ms", "3ms"], "memory": 6},
            {"name": "b", "time": ["4ms", null], "memory": 6},
            {"name": "c", "time": ["5ms", "6ms"], "memory": 6}],
  "flows": [{"from": "a", "to": ["b", "c"], "time": [[0, "2ms"], ["2ms", 0]]}],
  "together": []
})";

PlacementProblem Problem(const std::string& text = kProblem) {
  absl::StatusOr<PlacementProblem> problem = ReadProblem(text, "p.json");
  EXPECT_TRUE(problem.ok()) << problem.status();
  return *std::move(problem);
}

// What VerifyClaim() says: "OK 12.5", or the error of reading or checking.
std::string Verdict(const PlacementProblem& problem, const std::string& text) {
  const absl::StatusOr<Claim> claim = ReadClaim(problem, text, "s.json");
  if (!claim.ok()) return std::string(claim.status().message());
  const absl::StatusOr<Picos> value = VerifyClaim(problem, *claim);
  if (!value.ok()) return std::string(value.status().message());
  return "OK " + PrintJsonCompact(ToMillis(*value));
}

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

constexpr char kPlacement[] =
    R"({"placement": [{"item": "a", "device": "x"}, {"item": 1, "device": 0},
                      {"item": "c", "device": "y"}], "objective": 12})";

TEST(SolutionJson, APlacementAloneIsSimulated) {
  const PlacementProblem problem = Problem();
  EXPECT_EQ(Verdict(problem, kPlacement), "OK 12.0");
  EXPECT_EQ(Verdict(problem, Replace(kPlacement, ", \"objective\": 12", "")), "OK 12.0");
  EXPECT_EQ(Verdict(problem, Replace(kPlacement, "12", "12.000000001")), "OK 12.0")
      << "others do not count in picoseconds";
  EXPECT_THAT(Verdict(problem, Replace(kPlacement, "12", "11.9999")),
              HasSubstr("the objective is 12000000000 instead of 11999900000"));
}

TEST(SolutionJson, SaysWhatIsWrongAndWhere) {
  const PlacementProblem problem = Problem();
  const struct {
    const char *from, *to, *message;
  } cases[] = {
      {"\"placement\"", "\"place\"", "s.json: key 'placement' is missing"},
      {"\"item\": \"a\"", "\"item\": \"aa\"", "placement[0].item: there is no item 'aa'"},
      {"\"item\": \"a\"", "\"item\": \"b\"", "placement[1].item: item 1 'b' is already placed"},
      {"\"item\": \"a\"", "\"itm\": \"a\"", "placement[0]: key 'item' is missing"},
      {"\"item\": 1", "\"item\": 3", "placement[1].item: there is no item 3"},
      {"{\"item\": \"a\", \"device\": \"x\"},", "", "placement: item 0 'a' is missing"},
      {"\"device\": \"y\"", "\"device\": \"z\"", "placement[2].device: there is no device 'z'"},
      {"\"device\": 0", "\"device\": 1", "item 1 'b' is on device 'y', which cannot run it"},
      {"\"device\": \"x\"", "\"device\": \"y\"", "device 'y' holds 12 resident bytes but has 10"},
      {"12", "-12", "s.json: objective: is out of range"},
      {"12", "\"12\"", "s.json: objective: expected a number, not string"},
      {"12", "12, \"schedule\": 3", "s.json: schedule: expected an array of objects"},
      {"12", "12, \"schedule\": [{}]", "s.json: schedule[0]: key 'start_ms' is missing"},
      {"12",
       "12, \"schedule\": [{\"item\": \"a\", \"device\": \"y\", \"start_ms\": 0, "
       "\"end_ms\": 4}]",
       "s.json: schedule[0].device: item 0 'a' is placed on another device"},
      {"12",
       "12, \"schedule\": [{\"item\": \"a\", \"device\": \"x\", \"start_ms\": 0, "
       "\"end_ms\": 4}]",
       "s.json: schedule: item 1 'b' is missing"},
      {"12", "12, \"schedule\": [{\"flow\": 3, \"start_ms\": 0, \"end_ms\": 4}]",
       "s.json: schedule[0].flow: there is no flow 3"},
  };
  for (const auto& each : cases) {
    EXPECT_THAT(Verdict(problem, Replace(kPlacement, each.from, each.to)), HasSubstr(each.message))
        << each.to;
  }
  EXPECT_THAT(Verdict(problem, "{\"placement\": []}"), HasSubstr("there is no solution"));
  EXPECT_THAT(Verdict(problem, "[]"), HasSubstr("a solution is a JSON object, not array"));
  EXPECT_THAT(Verdict(problem, "{"), HasSubstr("s.json: line 1"));
  PlacementProblem apart = problem;
  apart.flows[FlowId(0)].time = {};
  EXPECT_THAT(Verdict(apart, kPlacement), HasSubstr("flow 0 has no route from device 'x' to"));
}

TEST(SolutionJson, ReplicasAreHeldToTheirPeriod) {
  // One item of 4 and 12 ms: three turns of four on x load it with 12, and y as much.
  const std::string text = R"({
    "schema": "allot.problem/1", "objective": "throughput",
    "devices": [{"name": "x"}, {"name": "y"}], "items": [{"name": "a", "time": ["4ms", "12ms"]}]})";
  const PlacementProblem problem = Problem(text);
  const std::string claim = R"({"placement": [{"item": "a", "device": "x"}], "objective": 4,
    "replication": {"period": 3, "shares": [
      {"share": 3, "placement": [{"item": "a", "device": "x"}]},
      {"share": 1, "placement": [{"item": "a", "device": "y"}]}]}})";
  EXPECT_EQ(Verdict(problem, claim), "OK 4.0");
  const struct {
    const char *from, *to, *message;
  } cases[] = {
      {"\"period\": 3", "\"period\": 2.9", "replication: the period is 3000000000 ps, not 29"},
      {"\"share\": 3", "\"share\": 2", "replication: the period is 4000000000 ps, not 3"},
      {"\"share\": 3", "\"share\": 0", "s.json: replication.shares[0].share: must lie between 1"},
      {"\"share\": 3,", "", "s.json: replication.shares[0]: key 'share' is missing"},
      {"\"period\": 3,", "", "s.json: replication: key 'period' is missing"},
      {"\"shares\"", "\"share\"", "s.json: replication.shares: holds no placement"},
      {"\"share\": 3,", "\"share\": 3, \"order\": [0],", "OK 4.0"},
      {"\"share\": 3,", "\"share\": 3, \"order\": [],",
       "replication: placement 0: the order has 0 items instead of 1"},
      {"\"share\": 3,", "\"share\": 3, \"order\": [1],",
       "s.json: replication.shares[0].order: names an item that does not exist"},
      {"\"share\": 3,", "\"share\": 3, \"order\": 0,",
       "s.json: replication.shares[0].order: must be a list of numbers of items"},
      {"{\"share\": 1, \"placement\": [{\"item\": \"a\"",
       "{\"share\": 1, \"placement\": [{\"item\": 1",
       "s.json: replication.shares[1].placement[0].item: there is no item 1"},
  };
  for (const auto& each : cases) {
    EXPECT_THAT(Verdict(problem, Replace(claim, each.from, each.to)), HasSubstr(each.message))
        << each.to;
  }
  EXPECT_EQ(Verdict(problem, Replace(claim, "\"period\": 3", "\"period\": null")), "OK 4.0")
      << "none were found";
  EXPECT_THAT(Verdict(Problem(Replace(text, "throughput", "latency")), claim),
              HasSubstr("replication: replicas take turns in a stream"));
}

TEST(SolutionJson, AScheduleIsHeldToItsTimes) {
  const PlacementProblem problem = Problem();
  const std::string schedule = R"({"schedule": [
    {"item": "a", "device": "x", "start_ms": 0, "end_ms": 4},
    {"item": "b", "device": "x", "start_ms": 4, "end_ms": 8},
    {"item": "c", "device": "y", "start_ms": 6.5, "end_ms": 12.5},
    {"flow": 0, "from": "x", "to": "y", "start_ms": 4, "end_ms": 6}],)" +
                               std::string(kPlacement).substr(1);
  EXPECT_EQ(Verdict(problem, Replace(schedule, "12}", "12.5}")), "OK 12.5") << "it may be slow";
  EXPECT_THAT(Verdict(problem, schedule), HasSubstr("the objective is 12500000000 instead of"));
  EXPECT_THAT(Verdict(problem, Replace(schedule, "\"end_ms\": 6}", "\"end_ms\": 5}")),
              HasSubstr("lasts 1000000000 instead of 2000000000"));
  EXPECT_THAT(Verdict(problem, Replace(schedule, "\"end_ms\": 8", "\"end_ms\": 7.9")),
              HasSubstr("item 1 'b' runs from 4000000000 to 7900000000 but takes 4000000000"));
}

// What is printed of a solution is read back as the same, and nothing less than its value holds.
TEST(SolutionJson, PrintedSolutionsVerify) {
  const Registry<PlacementSolver> solvers = BuiltinSolvers();
  int solved = 0;
  for (uint64_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE(seed);
    const PlacementProblem problem =
        testing::RandomProblem(seed, seed % 2 == 0 ? testing::RandomOptions(seed, 6)
                                                   : testing::RandomStagedOptions(seed, 6));
    const ProblemGraph graph = BuildGraph(problem);
    const SolveLimits limits;
    const auto solver = solvers.Find("brute-force")->make("");
    ASSERT_TRUE(solver.ok());
    const SolveInput input{problem, graph, limits, nullptr, {}};
    const absl::StatusOr<SolveResult> result = Solve(**solver, "brute-force", input);
    ASSERT_TRUE(result.ok()) << result.status();
    if (!result->best.has_value()) continue;
    ++solved;
    const Schedule schedule = Simulate(problem, graph, *result->best);
    const Picos value = result->score.objective;
    Json::Object json{{"placement", PlacementJson(problem, *result->best)},
                      {"schedule", ScheduleJson(problem, *result->best, schedule)},
                      {"objective", ToMillis(value)}};
    const std::string verdict = "OK " + PrintJsonCompact(ToMillis(value));
    ASSERT_EQ(Verdict(problem, PrintJson(json)), verdict) << PrintJson(json);
    json.back().second = ToMillis(value - 1);
    if (value > 0) {
      ASSERT_THAT(Verdict(problem, PrintJson(json)), HasSubstr("instead of")) << PrintJson(json);
    }
  }
  EXPECT_GT(solved, 60);
}

// Random damage: an error, or a verdict that is the value or says what is wrong.
TEST(SolutionJson, SurvivesDamagedText) {
  const PlacementProblem problem = Problem();
  const std::string whole = R"({"placement": [{"item": "a", "device": "x"},
      {"item": "b", "device": "x"}, {"item": "c", "device": "y"}],
    "schedule": [{"item": "a", "device": "x", "start_ms": 0, "end_ms": 4},
      {"item": "b", "device": "x", "start_ms": 4, "end_ms": 8},
      {"item": "c", "device": "y", "start_ms": 6, "end_ms": 12},
      {"flow": 0, "from": "x", "to": "y", "start_ms": 4, "end_ms": 6}], "objective": 12})";
  ASSERT_EQ(Verdict(problem, whole), "OK 12.0");
  Random random(5);
  int fine = 0, wrong = 0;
  for (int round = 0; round < 12000; ++round) {
    const std::string text = testing::DamagedJson(whole, "b", random);
    const std::string verdict = Verdict(problem, text);
    if (verdict.substr(0, 2) == "OK") {
      EXPECT_EQ(verdict, "OK 12.0") << text;
      ++fine;
    } else if (verdict.substr(0, 6) != "s.json") {
      ++wrong;
    }
  }
  EXPECT_GT(fine, 50);
  EXPECT_GT(wrong, 200);
}

}  // namespace
}  // namespace allot
