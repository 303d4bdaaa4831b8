#include "tools/batch_report.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/solve_report.h"

namespace allot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// One item of `time` on one device.
BatchCase OneItem(int64_t size, Picos time, Bytes memory) {
  BatchCase batch{size, {}};
  batch.problem.objective = PlacementObjective::kThroughput;
  batch.problem.devices.Add({"a", 10, 0});
  PlacementProblem::Item item;
  item.name = "x";
  item.memory = memory;
  item.time.Add(time);
  batch.problem.items.Add(std::move(item));
  return batch;
}

struct Outcome {
  std::string table;
  Json json;
};

Outcome Report(std::optional<Picos> limit) {
  const std::vector<BatchCase> cases = {
      OneItem(1, 5 * kPicosPerMilli, 1), OneItem(3, 10 * kPicosPerMilli, 1),
      OneItem(4, 20 * kPicosPerMilli, 1), OneItem(8, 1 * kPicosPerMilli, 11)};
  const std::vector<std::string> files = {"1.json", "3.json", "4.json", "8.json"};
  const auto solver = BuiltinSolvers().Find("brute-force")->make("");
  EXPECT_TRUE(solver.ok());
  const absl::StatusOr<BatchChoice> choice =
      ChooseBatch(cases, limit.value_or(kMaxPicos), **solver, "brute-force", SolveLimits{});
  EXPECT_TRUE(choice.ok()) << choice.status();
  const BatchReport report{cases, files, *choice, limit, 0};
  return {BatchTable(report), BatchJson(report)};
}

std::string Print(const Json* json) { return json == nullptr ? "none" : PrintJsonCompact(*json); }

TEST(BatchReport, TheChosenCaseAndEverySize) {
  const Outcome outcome = Report(15 * kPicosPerMilli);
  EXPECT_THAT(outcome.table, HasSubstr("4 sizes of a batch, latency at most 15.0000 ms"));
  EXPECT_THAT(outcome.table,
              HasSubstr("1          5.0000 ms    5.0000 ms   5.0000 ms\n"
                        "3          3.3333 ms    3.3333 ms  10.0000 ms            chosen\n"
                        "4          5.0000 ms    5.0000 ms  20.0000 ms  too slow, proved\n"));
  EXPECT_THAT(outcome.table, HasSubstr("infeasible\n"));
  EXPECT_THAT(outcome.table, HasSubstr("3.json: 1 items on 1 devices"));
  // The answer is that of the chosen problem, so that it can be checked.
  EXPECT_EQ(Print(outcome.json.Find("status")), "\"optimal\"");
  EXPECT_EQ(Print(outcome.json.Find("objective")), "10.0");
  const Json* batching = outcome.json.Find("batching");
  ASSERT_NE(batching, nullptr);
  EXPECT_EQ(Print(batching->Find("chosen")), "3");
  EXPECT_EQ(Print(batching->Find("latency_limit")), "15.0");
  const auto* batches = batching->Find("batches")->If<Json::Array>();
  ASSERT_EQ(batches->size(), 4u);
  EXPECT_EQ(Print((*batches)[1].Find("period")), "3.333333334") << "rounded up";
  EXPECT_EQ(Print((*batches)[1].Find("least_latency")), "null") << "nobody asked";
  EXPECT_EQ(Print((*batches)[2].Find("least_latency")), "20.0");
  EXPECT_EQ(Print((*batches)[2].Find("proved_too_slow")), "true");
  EXPECT_EQ(Print((*batches)[3].Find("period")), "null");
  EXPECT_EQ(Print((*batches)[3].Find("status")), "\"infeasible\"");
}

TEST(BatchReport, WithoutALimitAndWithoutAChoice) {
  const Outcome free = Report(std::nullopt);
  EXPECT_THAT(free.table, HasSubstr("latency without a limit"));
  EXPECT_EQ(Print(free.json.Find("batching")->Find("chosen")), "3");
  const Outcome none = Report(1);
  EXPECT_THAT(none.table, Not(HasSubstr("chosen")));
  EXPECT_EQ(Print(none.json.Find("status")), "\"infeasible\"") << "proved for every size";
  EXPECT_EQ(none.json.Find("placement"), nullptr);
  EXPECT_EQ(Print(none.json.Find("batching")->Find("chosen")), "null");
}

TEST(SolveReport, SaysWhatReplicasAreWorth) {
  // 4 ms or 12: three turns of four on the faster device.
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  PlacementProblem::Item item;
  item.name = "x";
  for (const Picos time : {4, 12}) {
    problem.devices.Add({.name = "d", .memory = 1});
    item.time.Add(time * kPicosPerMilli);
  }
  problem.items.Add(std::move(item));
  const ProblemGraph graph = BuildGraph(problem);
  const auto solver = BuiltinSolvers().Find("brute-force")->make("");
  const SolveLimits limits;
  const absl::StatusOr<SolveResult> result =
      Solve(**solver, "brute-force", SolveInput{problem, graph, limits});
  ASSERT_TRUE(result.ok()) << result.status();
  SolveReport report{problem, graph, *result, 0, {}};
  EXPECT_EQ(SolveJson(report).Find("replication"), nullptr);
  EXPECT_THAT(SolveTable(report, "p"), Not(HasSubstr("replicas")));
  for (const int64_t turns : {4, 1}) {
    absl::StatusOr<SteadyState> state =
        SolveSteadyState(problem, graph, &*result->best, 100'000, turns);
    ASSERT_TRUE(state.ok()) << state.status();
    report.replication = *std::move(state);
    const Json json = SolveJson(report);
    const Json* replication = json.Find("replication");
    ASSERT_NE(replication, nullptr);
    EXPECT_EQ(Print(replication->Find("cycle")), turns == 4 ? "4" : "1");
    EXPECT_EQ(Print(replication->Find("period")), turns == 4 ? "3.0" : "4.0");
    EXPECT_THAT(
        SolveTable(report, "p"),
        HasSubstr(turns == 4 ? "with replicas       3.0000 ms (1.33x), 2 placements in 4 turns\n"
                             : "with replicas       4.0000 ms, one placement: taking turns is "
                               "not better\n"));
    EXPECT_THAT(SolveTable(report, "p"), HasSubstr("bound of replicas   "));
  }
}

}  // namespace
}  // namespace allot
