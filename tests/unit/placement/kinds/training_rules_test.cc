// The rules of plans of training, each broken once, and the formula on figures worked out by hand.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "placement/kinds/training/judge.h"
#include "placement/kinds/training/model/costs.h"
#include "placement/kinds/training/model/evaluate.h"
#include "placement/kinds/training/model/verify.h"

namespace allot {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Two layers; a fast GPU, four in two machines, and a slow one, two in one machine. A link takes
// 1 GB/s whatever the size.
TrainingProblem Small() {
  TrainingProblem problem;
  problem.global_batch = 8;
  problem.layers = {{100'000'000, 400'000'000}, {100'000'000, 800'000'000}};
  problem.footprints = {{1, {100'000'000, 200'000'000}, {1'000'000'000, 1'000'000'000}},
                        {2, {50'000'000, 100'000'000}, {500'000'000, 500'000'000}}};
  const auto profile = [](int64_t size, int64_t width, Picos forward) {
    return TrainingProblem::Profile{
        size, width, {{forward, 2 * forward, 7}, {forward, 2 * forward, 9}}};
  };
  constexpr Picos kMs = 1'000'000'000;
  problem.gpus = {{"fast", 40'000'000'000, {profile(1, 1, 10 * kMs), profile(1, 2, 6 * kMs)}},
                  {"slow", 16'000'000'000, {profile(1, 1, 30 * kMs)}}};
  problem.pools = {{0, "z", 4, 2}, {1, "z", 2, 2}};
  for (const int64_t from : {0, 1}) {
    for (const int64_t to : {0, 1}) {
      problem.links.push_back({from, 1, to, 1, {1.0}});
    }
  }
  problem.links.push_back({0, 2, 0, 2, {2.0}});
  return problem;
}

TrainingPlan TwoStages() { return {1, {{0, 0, {{0, 1, 2}}}, {1, 1, {{0, 1, 1}, {1, 1, 1}}}}}; }

std::string Broken(const TrainingPlan& plan, const TrainingProblem& problem = Small()) {
  EXPECT_EQ(CheckTrainingProblem(problem), absl::OkStatus());
  return std::string(VerifyTraining(problem, plan).status().message());
}

TEST(TrainingRules, TheFormula) {
  const TrainingProblem problem = Small();
  constexpr Picos kMs = 1'000'000'000;
  // 8 samples on 2 replicas: 4 micro-batches. Stages take 30 and 90 ms; 100 MB take 100 ms, once
  // for the first stage of two and twice for the last. 800 MB among two: buckets of 500 and 300 MB,
  // each in two steps of its half.
  const IterationTimes times = TrainingTables(problem).Times(TwoStages());
  EXPECT_EQ(times.micro_batches, 4);
  EXPECT_EQ(times.compute, (std::vector<Picos>{30 * kMs, 90 * kMs}));
  EXPECT_EQ(times.transfer, (std::vector<Picos>{100 * kMs, 200 * kMs}));
  EXPECT_EQ(times.all_reduce, 800 * kMs);
  EXPECT_EQ(times.update, 9);
  EXPECT_EQ(times.total, 3 * 290 * kMs + 420 * kMs + 800 * kMs + 9);
  EXPECT_EQ(*VerifyTraining(problem, TwoStages()), times.total);
}

TEST(TrainingRules, WiderTensorsShareTheAllReduce) {
  const TrainingProblem problem = Small();
  const TrainingPlan plan = {1, {{0, 1, {{0, 2, 2}}}}};
  constexpr Picos kMs = 1'000'000'000;
  EXPECT_EQ(*VerifyTraining(problem, plan), 4 * 36 * kMs + 600 * kMs + 7);
  EXPECT_EQ(TrainingTables(problem).Times(plan).total, *VerifyTraining(problem, plan));
}

TEST(TrainingRules, OwnCostsHoldBothEnds) {
  TrainingProblem problem = Small();
  problem.cost = TrainingCost::kOwn;
  const IterationTimes times = TrainingTables(problem).Times(TwoStages());
  // Both ways at both ends, and 200 MB packed.
  const Picos both = 200'000'000'000 + 5'479'452'055;
  EXPECT_EQ(times.transfer, (std::vector<Picos>{both, both}));
  EXPECT_EQ(*VerifyTraining(problem, TwoStages()), times.total);
}

TEST(TrainingRules, EachIsNamed) {
  TrainingPlan plan = TwoStages();
  plan.stages.pop_back();
  EXPECT_EQ(Broken(plan), "layers: the stages end with layer 0 of 0 to 1");
  plan = TwoStages();
  plan.stages[1].first = 0;
  EXPECT_THAT(Broken(plan), StartsWith("layers: stage 1 holds 0 to 1"));
  plan = TwoStages();
  plan.stages.clear();
  EXPECT_THAT(Broken(plan), StartsWith("layers: the plan has no stage"));
  plan = TwoStages();
  plan.stages[1].groups.pop_back();
  EXPECT_EQ(Broken(plan), "replicas: stage 1 has 1, but stage 0 has 2");
  plan = TwoStages();
  plan.stages[1].groups[0].replicas = 0;
  EXPECT_THAT(Broken(plan), StartsWith("replicas: stage 1 has a group of 0"));
  plan = TwoStages();
  plan.stages[1].groups.clear();
  EXPECT_EQ(Broken(plan), "replicas: stage 1 has none");
  plan = TwoStages();
  plan.stages[1].groups = {{1, 1, 2}};
  plan.stages[0].groups = {{1, 1, 2}};
  EXPECT_EQ(Broken(plan), "machines: the plan uses 4 GPUs of slow@z, where there are 2");
  plan.stages[0].groups = {{2, 1, 2}};
  EXPECT_THAT(Broken(plan), StartsWith("machines: stage 0 uses a pool that there is not"));
  plan.stages[0].groups = {{0, 1, 100}};
  EXPECT_THAT(Broken(plan), StartsWith("machines: stage 0 has more replicas than"));
  plan = TwoStages();
  plan.stages[0].groups = {{0, 4, 2}};
  EXPECT_EQ(Broken(plan),
            "tensor_width: stage 0 cuts tensors in 4 on fast@z, where there are profiles for 1, 2 "
            "within a machine");
  plan = TwoStages();
  plan.micro_batch = 2;
  EXPECT_THAT(Broken(plan), StartsWith("profile: there is none of fast for a micro_batch of 2"));
  plan.micro_batch = 0;
  EXPECT_THAT(Broken(plan), StartsWith("micro_batch: 0"));
  TrainingProblem problem = Small();
  problem.gpus[1].memory = 7'799'999'999;  // 200 M parameters of 24 bytes, 1 GB, 2 GB
  EXPECT_EQ(Broken(TwoStages(), problem),
            "memory: a GPU of stage 1 needs 7800000000 bytes, and slow has 7799999999");
  problem.gpus[1].memory = 7'800'000'000;
  EXPECT_TRUE(VerifyTraining(problem, TwoStages()).ok());
  problem.links.erase(problem.links.begin() + 1);
  EXPECT_EQ(Broken(TwoStages(), problem),
            "link: nothing is known of one from 1 GPUs of fast@z to 1 of slow@z");
  problem = Small();
  problem.links[1].coefficients = {-1.0};
  EXPECT_THAT(Broken(TwoStages(), problem), StartsWith("link: one that the plan uses is too slow"));
}

TEST(TrainingRules, WidthsDivideEachOther) {
  TrainingProblem problem = Small();
  for (const int64_t width : {3, 4, 6, 12}) {
    problem.footprints.push_back(problem.footprints[0]);
    problem.footprints.back().width = width;
    problem.gpus[0].profiles.push_back(problem.gpus[0].profiles[0]);
    problem.gpus[0].profiles.back().width = width;
  }
  problem.pools[0] = {0, "z", 12, 12};
  EXPECT_EQ(UsableWidths(problem, problem.pools[0]), (std::vector<int64_t>{1, 2, 4, 12}));
  problem.pools[0].per_machine = 4;
  EXPECT_EQ(UsableWidths(problem, problem.pools[0]), (std::vector<int64_t>{1, 2, 4}));
}

TEST(TrainingRules, ProblemsThatCannotBe) {
  const auto error = [](auto change) {
    TrainingProblem problem = Small();
    change(problem);
    return std::string(CheckTrainingProblem(problem).message());
  };
  EXPECT_THAT(error([](auto& p) { p.global_batch = 0; }), HasSubstr("global_batch: 0 is not"));
  EXPECT_THAT(error([](auto& p) { p.layers.clear(); }), HasSubstr("layers: 0 is not"));
  EXPECT_THAT(error([](auto& p) { p.layers[1].output = -1; }), HasSubstr("layers[1].output_bytes"));
  EXPECT_THAT(error([](auto& p) { p.footprints[1].width = 1; }), HasSubstr("stands twice"));
  EXPECT_THAT(error([](auto& p) { p.footprints[1].parameters.pop_back(); }),
              HasSubstr("footprints[1].parameters: there are 1 values for 2 layers"));
  EXPECT_THAT(error([](auto& p) { p.gpus[0].profiles[1].layers.pop_back(); }),
              HasSubstr("gpus[0].profiles[1].forward_ps: there are 1"));
  EXPECT_THAT(error([](auto& p) { p.gpus[0].profiles[0].layers[0].forward = int64_t{1} << 60; }),
              HasSubstr("gpus[0].profiles[0].forward_ps[0]"));
  EXPECT_THAT(error([](auto& p) { p.gpus[1].name = "fast"; }), HasSubstr("'fast' stands twice"));
  EXPECT_THAT(error([](auto& p) { p.pools[1].gpu = 5; }), HasSubstr("pools[1].gpu"));
  EXPECT_THAT(error([](auto& p) { p.pools[0].count = 3; }), HasSubstr("no whole machines of 2"));
  EXPECT_THAT(error([](auto& p) { p.pools[0].count = 1 << 20; }), HasSubstr("pools[0].count"));
  EXPECT_THAT(error([](auto& p) { p.links[0].to = 9; }), HasSubstr("links[0].to"));
  EXPECT_THAT(error([](auto& p) { p.links[0].coefficients.clear(); }),
              HasSubstr("links[0].coefficients"));
  EXPECT_THAT(error([](auto& p) { p.links[1] = p.links[0]; }), HasSubstr("stands twice"));
}

TEST(TrainingRules, JudgesBothModelsAndMemory) {
  const Json plan = Json::Object{{"real", 2.0}, {"max_mem", int64_t{16'000'000'000}}};
  const absl::StatusOr<Json> judged = JudgeTraining(Small(), TwoStages(), plan, {});
  ASSERT_TRUE(judged.ok()) << judged.status();
  EXPECT_EQ(*judged->Find("objective")->If<double>(), 2.090000000009);
  EXPECT_EQ(*judged->Find("sailor_s"), *judged->Find("objective"));
  EXPECT_NEAR(*judged->Find("sailor_error_percent")->If<double>(), 4.5, 1e-6);
  // The second stage: 200 M parameters, 1 GB of activations, and what a process holds besides.
  EXPECT_EQ(*judged->Find("max_memory_bytes")->If<int64_t>(), 10'860'000'000);
  EXPECT_EQ(judged->Find("notes"), nullptr);
}

}  // namespace
}  // namespace allot
