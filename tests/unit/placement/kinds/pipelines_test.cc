// Pipelines: the optimum against trying everything, rules, formats, and what has been published.
#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "placement/kinds/kind.h"
#include "placement/kinds/pipelines/model/verify.h"
#include "placement/kinds/pipelines/search/data_degree.h"
#include "placement/kinds/pipelines/search/evaluate.h"
#include "placement/kinds/pipelines/search/search.h"
#include "support/random.h"
#include "tests/models/published_instance.h"
#include "tests/models/random_pipelines.h"

namespace allot::pipelines {
namespace {

using ::testing::HasSubstr;

SolveLimits Limits(int64_t work) {
  SolveLimits limits;
  limits.work = work;
  return limits;
}

TEST(Pipelines, TheOptimumIsThatOfAllPlans) {
  int infeasible = 0, split = 0, staged = 0, copied = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(seed);
    const Problem problem = testing::RandomPipelines(seed);
    ASSERT_TRUE(Check(problem).ok()) << Check(problem);
    const std::optional<int64_t> expected = testing::BestOfAllPlans(problem);
    const Found found = Search(problem, Method::kAllCuts, Limits(20'000'000));
    ASSERT_TRUE(found.complete);
    ASSERT_EQ(found.plan.has_value(), expected.has_value());
    if (!expected.has_value()) {
      ++infeasible;
      continue;
    }
    const absl::StatusOr<int64_t> value = Verify(problem, *found.plan);
    ASSERT_TRUE(value.ok()) << value.status();
    EXPECT_EQ(*value, *expected);
    EXPECT_EQ(Evaluate(problem, *found.plan), *expected);
    EXPECT_EQ(found.bound, *expected);
    EXPECT_LE(WorkBound(problem), *expected);
    split += found.plan->tensor > 1;
    staged += found.plan->stages.size() > 1;
    copied += found.plan->data > 1;
    // Fewer cuts are never better, and claim no more than is proved.
    const Found chain = Search(problem, Method::kChain, Limits(1));
    if (chain.plan.has_value()) {
      EXPECT_GE(*Verify(problem, *chain.plan), *expected);
    }
    EXPECT_LE(chain.bound, *expected);
  }
  EXPECT_GT(infeasible, 30);
  EXPECT_GT(split, 100);
  EXPECT_GT(staged, 150);
  EXPECT_GT(copied, 200);
}

TEST(Pipelines, TheNumberOfCopiesIsTheBest) {
  Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t load = random.Below(40), stages = random.Between(1, 5);
    const int64_t update = random.Below(random.Below(2) == 0 ? 50 : 5000);
    const int64_t microbatches = random.Between(1, 70), most = random.Between(1, 80);
    DataDegree best{1, BatchTicks(load, stages, update, microbatches, 1)};
    for (int64_t d = 2; d <= std::min(most, microbatches); ++d) {
      const int64_t value = BatchTicks(load, stages, update, microbatches, d);
      if (value < best.value) best = {d, value};
    }
    const DataDegree found = BestDataDegree(load, stages, update, microbatches, most);
    ASSERT_EQ(found.value, best.value)
        << load << ' ' << stages << ' ' << update << ' ' << microbatches << ' ' << most;
    ASSERT_EQ(found.copies, best.copies);
  }
}

Problem TwoLayers() {
  Problem problem;
  problem.devices = 4;
  problem.memory = 100;
  problem.microbatches = 6;
  problem.names = {"a", "b"};
  problem.edges = {{0, 1}};
  Width width{1, {{10, 20, 30, 10, 8, false}, {10, 20, 30, 10, 4, false}}, {{5, 2}}};
  problem.widths = {width};
  width.devices = 2;
  for (Layer& layer : width.layers) layer.split = true;
  problem.widths.push_back(width);
  return problem;
}

TEST(Pipelines, ValuesFollowTheDefinitions) {
  Problem problem = TwoLayers();
  const Plan two{1, 2, {{{0}, 1}, {{1}, 1}}};
  // 10 + 5 + 20 before the transfer comes back, three microbatches each and one to fill; half of 8.
  EXPECT_EQ(*Verify(problem, two), 35 * 4 + 4);
  problem.recompute = true;
  // The transfer back hides behind computing again.
  EXPECT_EQ(*Verify(problem, two), 40 * 4 + 4);
}

TEST(Pipelines, EveryRuleIsVerified) {
  const Problem problem = TwoLayers();
  const auto error = [&](const Plan& plan) {
    const absl::StatusOr<int64_t> value = Verify(problem, plan);
    EXPECT_FALSE(value.ok());
    return std::string(value.status().message());
  };
  EXPECT_THAT(error({3, 1, {{{0, 1}, 1}}}), HasSubstr("no tensor width 3"));
  EXPECT_THAT(error({1, 1, {}}), HasSubstr("no stages"));
  EXPECT_THAT(error({1, 1, {{{0}, 1}}}), HasSubstr("layer b is in no stage"));
  EXPECT_THAT(error({1, 1, {{{0, 1}, 1}, {{1}, 1}}}), HasSubstr("layer b is in stage 0 and"));
  EXPECT_THAT(error({1, 1, {{{1}, 1}, {{0}, 1}}}), HasSubstr("earlier stage"));
  EXPECT_THAT(error({1, 1, {{{0, 1}, 1}, {{}, 1}}}), HasSubstr("stage 1 has no layers"));
  EXPECT_THAT(error({1, 1, {{{0, 7}, 1}}}), HasSubstr("no layer 7"));
  EXPECT_THAT(error({2, 1, {{{0, 1}, 1}}}), HasSubstr("needs 2"));
  EXPECT_THAT(error({1, 7, {{{0, 1}, 1}}}), HasSubstr("7 copies for 6 microbatches"));
  EXPECT_THAT(error({2, 2, {{{0}, 2}, {{1}, 2}}}), HasSubstr("there are 4"));
  Problem small = problem;
  small.memory = 79;
  EXPECT_FALSE(Verify(small, {1, 1, {{{0, 1}, 1}}}).ok());
  small.memory = 49;  // two microbatches in flight
  EXPECT_FALSE(Verify(small, {1, 1, {{{0}, 1}, {{1}, 1}}}).ok());
  small.memory = 50;
  EXPECT_TRUE(Verify(small, {1, 1, {{{0}, 1}, {{1}, 1}}}).ok());
}

constexpr char kPublished[] = R"({
  "maxMemoryPerDevice": 100.0, "maxDevices": 4, "bandwidth": 10.0, "mbsInBatch": 8.0,
  "nodes": {"1": [
      {"id": 3, "parameterSize": 10, "activationSize": 5, "optimalLatencyFw": 1.5, "optimalLatencyBw": 2.5, "isTensorParallelized": false, "energy": 0},
      {"id": -1, "parameterSize": 0, "activationSize": 5, "optimalLatencyFw": 1, "optimalLatencyBw": 1, "isTensorParallelized": false}],
    "2": [
      {"id": -1, "parameterSize": 0, "activationSize": 5, "optimalLatencyFw": 1, "optimalLatencyBw": 1, "isTensorParallelized": false},
      {"id": 3, "parameterSize": 5, "activationSize": 3, "optimalLatencyFw": 1, "optimalLatencyBw": 1.5, "isTensorParallelized": true}]},
  "edges": {"1": [{"sourceId": -1, "destId": 3, "communicationCost": 2}],
            "2": [{"sourceId": -1, "destId": 3, "communicationCost": 2}]},
  "activationRecomputation": false, "optimizerAlgorithm": "Adam",
  "fixedPP": 1, "fixedTMPC": 1, "fixedDP": 4, "numTransformerLayers": 1
})";

std::unique_ptr<ProblemInstance> Read(const std::string& text, ProblemOptions question = {}) {
  auto problem = ReadProblemOfAnyKind(BuiltinKinds(), text, "p.json", question);
  EXPECT_TRUE(problem.ok()) << problem.status();
  return *std::move(problem);
}

std::string ErrorOf(const std::string& text, ProblemOptions question = {}) {
  auto problem = ReadProblemOfAnyKind(BuiltinKinds(), text, "p.json", question);
  return problem.ok() ? "" : std::string(problem.status().message());
}

TEST(Pipelines, ReadsThePublishedInput) {
  const std::unique_ptr<ProblemInstance> problem = Read(kPublished);
  EXPECT_EQ(problem->kind(), "pipelines");
  const absl::StatusOr<KindResult> result = problem->Ask({"all-cuts", ""}, Limits(1'000'000));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->termination, Termination::kOptimal);
  // Four copies of both layers at width 1: 2 (1 + 1 + 1.5 + 2.5) + 4 * 3/4 * 10 / 10.
  EXPECT_NEAR(*problem->Objective(result->value).If<double>(), 15, 1e-12);
  EXPECT_NEAR(*result->answer->Find("fixed_strategy")->Find("objective")->If<double>(), 15, 1e-12);
  EXPECT_EQ(Read(problem->Print())->Print(), problem->Print());
}

TEST(Pipelines, JudgesBothFormsOfAPlan) {
  const std::unique_ptr<ProblemInstance> problem = Read(kPublished);
  const auto judge = [&](const char* plan) {
    const absl::StatusOr<Json> judged = problem->Judge(*ParseJson(plan), "plan.json");
    return judged.ok() ? *judged->Find("objective")->If<double>() : -1.0;
  };
  EXPECT_NEAR(
      judge(R"({"tensor": 1, "data": 1, "stages": [{"layers": ["-1", "3"], "devices": 1}]})"), 48,
      1e-9);
  EXPECT_NEAR(judge(R"({"tensorParallelDegree": 2, "dataParallelDegree": 1, "finalTimePerBatch": 1,
    "stages": [{"nodes": [3, -1], "devicesForStage": 2}]})"),
              36, 1e-9);
  EXPECT_EQ(judge(R"({"tensor": 1, "data": 1, "stages": [{"layers": ["-1"], "devices": 1}]})"), -1);
}

TEST(Pipelines, FlagsReplaceWhatTheFileSays) {
  ProblemOptions question;
  question.flags = {{"devices", "1"}, {"memory", "25"}};
  EXPECT_EQ(Read(kPublished, question)->Ask({"all-cuts", ""}, Limits(1'000'000))->termination,
            Termination::kInfeasible);
  question.flags = {{"as", "stages"}};
  EXPECT_THAT(ErrorOf(kPublished, question), HasSubstr("--as=stages: expected a kind"));
  question.flags = {{"bandwidth", "0"}};
  EXPECT_THAT(ErrorOf(kPublished, question), HasSubstr("bandwidth"));
}

TEST(Pipelines, SaysWhatIsWrongWithAFile) {
  const auto broken = [](const char* what, const char* with) {
    const std::string text = absl::StrReplaceAll(kPublished, {{what, with}});
    EXPECT_NE(text, kPublished) << what;
    return ErrorOf(text);
  };
  EXPECT_THAT(broken("\"maxDevices\": 4", "\"maxDevices\": 0"), HasSubstr("maxDevices"));
  EXPECT_THAT(broken("\"maxDevices\": 4", "\"maxDevices\": 9e14"), HasSubstr("devices"));
  EXPECT_THAT(broken("\"bandwidth\": 10.0", "\"bandwidth\": 0"), HasSubstr("bandwidth"));
  EXPECT_THAT(broken("\"mbsInBatch\": 8.0", "\"mbsInBatch\": 0.5"), HasSubstr("mbsInBatch"));
  EXPECT_THAT(broken("1.5, \"optimalLatencyBw\": 2.5", "-1.5, \"optimalLatencyBw\": 2.5"),
              HasSubstr("nodes.1[0].optimalLatencyFw"));
  EXPECT_THAT(broken("1.5, \"optimalLatencyBw\": 2.5", "1e18, \"optimalLatencyBw\": 2.5"),
              HasSubstr("too long"));
  EXPECT_THAT(broken("\"Adam\"", "\"Adagrad\""), HasSubstr("must be SGD or Adam"));
  EXPECT_THAT(broken("\"id\": 3,", "\"id\": -1,"), HasSubstr("-1 is there twice"));
  EXPECT_THAT(broken("\"destId\": 3", "\"destId\": 4"), HasSubstr("4 is the id of no node"));
  EXPECT_THAT(broken("\"destId\": 3", "\"destId\": -1"), HasSubstr("is the source"));
  EXPECT_THAT(broken("\"nodes\": {\"1\"", "\"nodes\": {\"0\""), HasSubstr("number of devices"));
  EXPECT_THAT(broken("\"edges\": {\"1\"", "\"edges\": {\"4\""), HasSubstr("has no width"));
}

TEST(Pipelines, EqualsThePublishedPlacementOfAMeasuredProfile) {
  const std::string profile = testing::PublishedInstance("piper/bert32a100.json");
  if (profile.empty()) GTEST_SKIP() << "no published instances";
  struct Published {
    const char* devices;
    double seconds;
  };
  for (const Published& published : {Published{"64", 30.111938352},
                                     Published{"512", 4.6814916864},
                                     {"1024", 2.8811968448},
                                     {"2048", 1.841318416}}) {
    ProblemOptions question;
    question.flags = {{"as", "pipelines"}, {"devices", published.devices}};
    const std::unique_ptr<ProblemInstance> problem = Read(profile, question);
    const absl::StatusOr<KindResult> result = problem->Ask({"all-cuts", ""}, Limits(20'000'000));
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->termination, Termination::kOptimal);
    EXPECT_NEAR(*problem->Objective(result->value).If<double>(), published.seconds,
                1e-9 * published.seconds);
  }
}

}  // namespace
}  // namespace allot::pipelines
