// What plans pipelines, against all plans there are and against the planners that were published.
#include "placement/kinds/stages/search/search.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "placement/kinds/kind.h"
#include "placement/kinds/stages/formats/draft.h"
#include "placement/kinds/stages/formats/piper_json.h"
#include "placement/kinds/stages/problem/verify.h"
#include "tests/models/published_instance.h"
#include "tests/models/random_stages.h"
#include "tests/models/stages_oracle.h"

namespace allot {
namespace {

SolveLimits Limits(int64_t work = 1'000'000) {
  SolveLimits limits;
  limits.work = work;
  return limits;
}

void ExpectBest(const StagesProblem& problem) {
  ASSERT_TRUE(CheckStages(problem).ok()) << CheckStages(problem);
  const std::optional<int64_t> best = testing::BestOfAllPlans(problem);
  const StagesFound found = SearchStages(problem, StagesMethod::kBest, Limits());
  ASSERT_EQ(found.plan.has_value(), best.has_value());
  EXPECT_EQ(found.infeasible, !best.has_value());
  if (!best.has_value()) return;
  EXPECT_EQ(found.value, *best);
  EXPECT_EQ(found.bound, *best);
  EXPECT_EQ(VerifyStages(problem, *found.plan).value_or(-1), *best);
  const StagesFound ordered = SearchStages(problem, StagesMethod::kOneOrder, Limits());
  EXPECT_LE(ordered.bound, *best);
  if (ordered.plan.has_value()) {
    EXPECT_GE(ordered.value, *best);
    EXPECT_EQ(VerifyStages(problem, *ordered.plan).value_or(-1), ordered.value);
  }
}

TEST(StagesSearch, FindsTheBestOfAllPlansOfPiper) {
  int feasible = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    testing::RandomStagesOptions options;
    options.memory = seed % 4 != 0;
    options.together = seed % 5 == 0;
    options.updates_differ = seed % 3 == 0;
    const StagesProblem problem = testing::RandomStages(seed, options);
    ExpectBest(problem);
    feasible += testing::BestOfAllPlans(problem).has_value() ? 1 : 0;
  }
  EXPECT_GT(feasible, 20);
  EXPECT_LT(feasible, 150);
}

TEST(StagesSearch, FindsTheBestOfAllPlansOfPipeDream) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    testing::RandomStagesOptions options;
    options.rule = CostRule::kPipeDream;
    options.layers = 5;
    options.devices = 5;
    options.memory = seed % 2 == 0;
    options.together = seed % 5 == 0;
    ExpectBest(testing::RandomStages(seed, options));
  }
}

TEST(StagesSearch, AFreeLayerThatBelongsToAnotherDoesNotFollowItsNeighbour) {
  StagesProblem problem;
  problem.rule = CostRule::kPipeDream;
  problem.devices = 2;
  problem.ticks_per_second = 1000;
  for (const int64_t time : {5000, 0, 5000}) {
    LayerVariant variant;
    variant.time = time;
    variant.parameters = time * 1000;  // replicas cost more than they save
    problem.layers.push_back({"layer", {{1, {variant}}}});
  }
  problem.edges = {{0, 1, 0}};
  problem.together = {{1, 2}};
  ExpectBest(problem);
  const StagesFound found = SearchStages(problem, StagesMethod::kBest, Limits());
  EXPECT_EQ(found.value, 5000);
}

TEST(StagesSearch, IsNeverWorseThanThePublishedProgramme) {
  int better = 0, compared = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    testing::RandomStagesOptions options;
    options.layers = 6;
    options.devices = 6;
    const StagesProblem problem = testing::RandomStages(seed, options);
    const std::optional<double> reference = testing::StraightforwardPiper(problem);
    if (!reference.has_value()) continue;
    ++compared;
    const StagesFound found = SearchStages(problem, StagesMethod::kBest, Limits());
    ASSERT_TRUE(found.plan.has_value());
    // Loads are rounded up to a tick, each transfer to the nearest.
    const double seconds = static_cast<double>(found.value) / 1000;
    EXPECT_LE(seconds, *reference + 0.02);
    better += seconds < *reference - 0.02 ? 1 : 0;
  }
  EXPECT_GT(compared, 50);
  EXPECT_GT(better, 0);  // where the greedy rule is not best
}

TEST(StagesSearch, TheSameWorkAndSeedGiveTheSame) {
  testing::RandomStagesOptions options;
  options.rule = CostRule::kPipeDream;
  options.layers = 40;
  options.devices = 12;
  options.memory = false;
  StagesProblem problem = testing::RandomStages(3, options);
  // Wide: more downsets than can be listed.
  for (LayerEdge& edge : problem.edges) edge.from = edge.to == 1 ? 0 : std::min(edge.from, 1);
  const StagesFound once = SearchStages(problem, StagesMethod::kBest, Limits(200'000));
  const StagesFound again = SearchStages(problem, StagesMethod::kBest, Limits(200'000));
  ASSERT_TRUE(once.plan.has_value());
  EXPECT_EQ(once.value, again.value);
  EXPECT_EQ(*once.plan, *again.plan);
  EXPECT_EQ(once.work, again.work);
  EXPECT_LE(once.bound, once.value);
  EXPECT_GT(once.bound, 0);
  EXPECT_EQ(VerifyStages(problem, *once.plan).value_or(-1), once.value);
}

TEST(StagesSearch, StopsWhenItIsTold) {
  testing::RandomStagesOptions options;
  options.rule = CostRule::kPipeDream;
  options.layers = 12;
  options.memory = false;
  const StagesProblem problem = testing::RandomStages(1, options);
  const StagesFound found = SearchStages(problem, StagesMethod::kBest, Limits(1));
  EXPECT_LE(found.work, 2'000);
  EXPECT_GT(found.bound, 0);
}

KindResult SolvePublished(const std::string& name, const std::map<std::string, std::string>& flags,
                          double& objective) {
  ProblemOptions question;
  question.flags = flags;
  auto problem =
      ReadProblemOfAnyKind(BuiltinKinds(), testing::PublishedInstance(name), name, question);
  EXPECT_TRUE(problem.ok()) << problem.status();
  auto result = (*problem)->Ask({"pipeline", ""}, Limits(20'000'000));
  EXPECT_TRUE(result.ok()) << result.status();
  objective = *(*problem)->Objective(result->value).If<double>();
  return *result;
}

TEST(StagesSearch, EqualsThePlannerOfPipeDream) {
  if (testing::PublishedInstance("pipedream/alexnet.txt").empty())
    GTEST_SKIP() << "no published instances";
  struct Published {
    const char *name, *devices;
    double seconds;
  };
  for (const Published& each : {Published{"alexnet", "4", 0.023165752},
                                {"alexnet", "8", 0.01162},
                                {"alexnet", "16", 0.007324568},
                                {"vgg16", "4", 0.175732624},
                                {"vgg16", "8", 0.09351323},
                                {"vgg16", "16", 0.04738646},
                                {"resnet50", "4", 0.111497},
                                {"resnet50", "8", 0.056315324}}) {
    SCOPED_TRACE(absl::StrCat(each.name, " on ", each.devices));
    double seconds = 0;
    const KindResult result = SolvePublished(absl::StrCat("pipedream/", each.name, ".txt"),
                                             {{"devices", each.devices}}, seconds);
    EXPECT_EQ(result.termination, Termination::kOptimal);
    EXPECT_LE(seconds, each.seconds * (1 + 1e-9));
  }
}

TEST(StagesSearch, ProvesThePlansOfPiper) {
  const std::string text = testing::PublishedInstance("piper/bert32a100.json");
  if (text.empty()) GTEST_SKIP() << "no published instances";
  for (const char* const devices : {"8", "32", "2048"}) {
    for (const char* const memory : {"1GiB", "2GiB", "8GiB", "80GiB"}) {
      SCOPED_TRACE(absl::StrCat(devices, " of ", memory));
      const std::map<std::string, std::string> flags = {
          {"devices", devices}, {"memory", memory}, {"bandwidth", "25GiB/s"}};
      double seconds = 0;
      const KindResult result = SolvePublished("piper/bert32a100.json", flags, seconds);
      EXPECT_TRUE(result.termination == Termination::kOptimal ||
                  result.termination == Termination::kInfeasible);
      if (std::string(devices) == "2048") continue;  // too slow for the other
      const Json document = *ParseJson(text);
      const StagesProblem problem = *FinishDraft(*ReadPiperJson(document, "bert32a100"), flags);
      const std::optional<double> reference = testing::StraightforwardPiper(problem);
      EXPECT_EQ(result.termination == Termination::kInfeasible, !reference.has_value());
      if (reference.has_value()) {
        EXPECT_LE(seconds, *reference * (1 + 1e-9));
      }
    }
  }
}

}  // namespace
}  // namespace allot
