// What every kind of problem must do, for the built-in ones and for one that the test adds as
// anybody would: its files, and its place in the list.
#include "placement/kinds/kind.h"
#include "placement/kinds/training/formats/training_json.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "placement/kinds/chips/formats/chips_json.h"
#include "placement/kinds/pipelines/formats/own_json.h"
#include "placement/kinds/rows/format.h"
#include "placement/kinds/strategies/model/format.h"
#include "tests/models/colours_kind.h"
#include "tests/models/random_chips.h"
#include "tests/models/random_pipelines.h"
#include "tests/models/random_problem.h"
#include "tests/models/random_rows.h"
#include "tests/models/random_strategies.h"
#include "tests/models/random_training.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kColours[] = R"({
  "schema": "allot.colours/1",
  "devices": [{"name": "a", "part_cost": 7}, {"name": "b", "part_cost": 2}, {"name": "c", "part_cost": 3}],
  "items": 4,
  "apart": [[0, 1], [1, 2], [2, 3]]
})";

Kinds AllKinds() {
  Kinds kinds = BuiltinKinds();
  kinds.push_back(testing::ColoursKind());
  return kinds;
}

constexpr char kLayerFlow[] = R"({
  "schema": "allot.layer-flow/1",
  "layers": 4,
  "servers": [{"throughput": [50, 20.5]}, {"throughput": [30, 25, 10]}, {"throughput": [9.25]}],
  "links": [
    {"from": "source", "to": 0, "capacity": 100},
    {"from": "source", "to": 1, "capacity": 100},
    {"from": 0, "to": 1, "capacity": 15.125},
    {"from": 1, "to": 0, "capacity": 40},
    {"from": 0, "to": 2, "capacity": 40},
    {"from": 2, "to": 1, "capacity": 40},
    {"from": 0, "to": "sink", "capacity": 100},
    {"from": 1, "to": "sink", "capacity": 100}
  ],
  "max_round_trip": 3
})";

constexpr char kStages[] = R"({
  "schema": "allot.stages/1", "rule": "piper", "devices": 5, "memory": "1MB", "bandwidth": "1MB/s", "samples": 6,
  "layers": [{"name": "in", "time": "1ms", "memory": 1000}, {"name": "left", "time": "2.5ms", "parameters": 600},
             {"name": "right", "time": "3ms"}, {"name": "out", "time": "1ms", "memory_per_sample": 0.5}],
  "edges": [{"from": "in", "to": "left", "bytes": 100}, {"from": "in", "to": "right"},
            {"from": "left", "to": "out"}, {"from": 2, "to": 3}],
  "together": [["left", "right"]]
})";

struct Sample {
  std::string kind, text;
};

std::vector<Sample> Samples() {
  testing::RandomProblemOptions latency, throughput, calls;
  latency.items = throughput.items = calls.items = 5;
  throughput.objective = PlacementObjective::kThroughput;
  calls.calls = true;
  std::vector<Sample> samples = {
      {"colours", kColours}, {"layer-flow", kLayerFlow}, {"stages", kStages}};
  for (uint64_t seed = 0; seed < 20; ++seed) {
    samples.push_back({"items", WriteProblem(testing::RandomProblem(seed, latency))});
    samples.push_back({"items", WriteProblem(testing::RandomProblem(seed, throughput))});
    samples.push_back({"calls", WriteProblem(testing::RandomProblem(seed, calls))});
    samples.push_back({"pipelines", pipelines::PrintOwnJson(testing::RandomPipelines(seed))});
    samples.push_back({"training", PrintTrainingProblem(testing::RandomTraining(seed))});
    testing::RandomChipsOptions modules;
    modules.copies = seed % 2 == 0;
    modules.memory = seed % 3 == 0;
    modules.topology = static_cast<chips::Topology>(seed % 3);
    samples.push_back({"chips", chips::PrintProblem(testing::RandomChips(seed, modules))});
    samples.push_back({"strategies", strategies::PrintProblem(testing::RandomStrategies(seed))});
    samples.push_back({"rows", rows::PrintProblem(testing::RandomRows(seed))});
  }
  return samples;
}

bool IsOfPlacements(const std::string& kind) { return kind == "items" || kind == "calls"; }

std::unique_ptr<ProblemInstance> Read(const std::string& text) {
  auto problem = ReadProblemOfAnyKind(AllKinds(), text, "p.json");
  EXPECT_TRUE(problem.ok()) << problem.status();
  return *std::move(problem);
}

SolveLimits Little() {
  SolveLimits limits;
  limits.work = 20'000;
  return limits;
}

TEST(Kinds, HaveNamesOfTheirOwn) {
  std::vector<std::string> names;
  for (const auto& kind : AllKinds()) {
    names.emplace_back(kind->name());
    EXPECT_FALSE(kind->summary().empty());
    EXPECT_FALSE(kind->unit().empty());
  }
  EXPECT_THAT(names, ElementsAre("items", "calls", "layer-flow", "training", "stages", "pipelines",
                                 "strategies", "chips", "rows", "colours"));
  EXPECT_EQ(FindKind(AllKinds(), "lines"), nullptr);
}

TEST(Kinds, AreFoundBySchemaAndPrintWhatTheyRead) {
  for (const Sample& sample : Samples()) {
    const std::unique_ptr<ProblemInstance> problem = Read(sample.text);
    EXPECT_EQ(problem->kind(), sample.kind);
    const bool placement = IsOfPlacements(sample.kind);
    EXPECT_EQ(problem->placement() != nullptr, placement);
    EXPECT_EQ(Read(problem->Print())->Print(), problem->Print());
    if (placement) {
      EXPECT_EQ(problem->Print(), sample.text);
    }
  }
}

TEST(Kinds, AnswersOfAllSolversAreVerifiedAndReadBack) {
  const Kinds kinds = AllKinds();
  const Registry<PlacementSolver> solvers = BuiltinSolvers();
  int answers = 0;
  for (const Sample& sample : Samples()) {
    const std::unique_ptr<ProblemInstance> problem = Read(sample.text);
    for (const std::string& name : FindKind(kinds, sample.kind)->SolverNames(solvers)) {
      SCOPED_TRACE(absl::StrCat(name, ": ", sample.text));
      const absl::StatusOr<KindResult> result = problem->Ask({name, ""}, Little());
      if (absl::IsUnimplemented(result.status())) continue;
      if (absl::IsInvalidArgument(result.status())) continue;  // of its size or form
      ASSERT_TRUE(result.ok()) << result.status();
      if (!result->answer.has_value()) continue;
      ++answers;
      EXPECT_LE(result->bound, result->value);
      const absl::StatusOr<int64_t> value = problem->VerifyAnswer(*result->answer, "a.json");
      ASSERT_TRUE(value.ok()) << value.status();
      EXPECT_EQ(*value, result->value);
    }
  }
  EXPECT_GT(answers, 300);
}

TEST(Kinds, ASolverThatIsNotForAKindSaysSoInOneWay) {
  Registry<PlacementSolver> solvers = BuiltinSolvers();
  for (const Sample& sample : Samples()) {
    // Only these have solvers for others among their own.
    if (!IsOfPlacements(sample.kind) && sample.kind != "colours") continue;
    const std::unique_ptr<ProblemInstance> problem = Read(sample.text);
    const std::string other = sample.kind == "items"   ? "calls"
                              : sample.kind == "calls" ? "heft"
                                                       : "foreign";
    const std::string others = sample.kind == "items"   ? "calls"
                               : sample.kind == "calls" ? "items"
                                                        : "tints";
    const absl::Status status = problem->Ask({other, ""}, Little()).status();
    EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
    EXPECT_EQ(status.message(),
              absl::StrCat(other, ": is for problems of the kind ", others, ", not ", sample.kind));
  }
}

TEST(Kinds, AnAddedOneIsSolvedCheckedAndVerified) {
  const std::unique_ptr<ProblemInstance> problem = Read(kColours);
  const absl::StatusOr<KindResult> best = problem->Ask({"exhaustive", ""}, Little());
  ASSERT_TRUE(best.ok()) << best.status();
  EXPECT_EQ(best->termination, Termination::kOptimal);
  EXPECT_EQ(best->value, 5);  // devices b and c
  EXPECT_EQ(best->bound, 5);
  EXPECT_EQ(problem->Ask({"first-fit", ""}, Little())->value, 9);
  EXPECT_EQ(problem->Ask({"boastful", ""}, Little()).status(),
            absl::InternalError(
                "boastful: wrong answer: items 0 and 1 exclude each other, but share a device"));
  EXPECT_THAT(std::string(problem->Ask({"exhaustiv", ""}, Little()).status().message()),
              HasSubstr("did you mean 'exhaustive'?"));
  EXPECT_EQ(problem->VerifyAnswer(Json::Array{1, 2, 1, 1}, "a.json").status().message(),
            "items 2 and 3 exclude each other, but share a device");
}

TEST(Kinds, SayWhatIsWrongWithAFile) {
  const auto error = [](absl::string_view text, const ProblemOptions& question = {}) {
    return std::string(
        ReadProblemOfAnyKind(AllKinds(), text, "p.json", question).status().message());
  };
  EXPECT_THAT(error(R"({"schema": "allot.colours/1", "devices": [], "items": 1})"),
              HasSubstr("p.json: the problem has no device"));
  EXPECT_THAT(error(R"({"schema": "allot.colours/1", "device": [], "items": 1})"),
              HasSubstr("devices"));
  EXPECT_THAT(error("[]"), HasSubstr("p.json: a problem is a JSON object, not"));
  EXPECT_THAT(error(R"({"schema": "allot.lines/1"})"), HasSubstr("allot.lines/1"));
  ProblemOptions question;
  question.objective = PlacementObjective::kLatency;
  EXPECT_EQ(error(kColours, question),
            "p.json: is a problem of the kind colours, which has no objective, communication, "
            "contiguity or calls to ask for");
  EXPECT_THAT(error(kColours), Not(HasSubstr("p.json")));
}

}  // namespace
}  // namespace allot
