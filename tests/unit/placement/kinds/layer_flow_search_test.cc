// What is found for layers over servers, and what is proved of it.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "placement/kinds/kind.h"
#include "placement/kinds/layer_flow/bounds/flow_bound.h"
#include "placement/kinds/layer_flow/bounds/pattern_bound.h"
#include "placement/kinds/layer_flow/bounds/rate_bound.h"
#include "placement/kinds/layer_flow/format.h"
#include "placement/kinds/layer_flow/search/rules.h"
#include "placement/kinds/layer_flow/search/solvers.h"
#include "placement/kinds/layer_flow/search/stage_plan.h"
#include "placement/kinds/layer_flow/value/evaluate.h"
#include "placement/kinds/layer_flow/value/verify.h"
#include "tests/folders.h"
#include "tests/models/best_layer_placement.h"
#include "tests/models/random_layer_flow.h"

namespace allot {
namespace {

using ::testing::ElementsAre;

ResultOf<LayerPlacement> Solve(const LayerFlowProblem& problem, int64_t work,
                               const std::string& name = "auto", int threads = 1) {
  SolveLimits limits;
  limits.work = work;
  limits.threads = threads;
  const auto solver = MakeSolver(LayerFlowSolvers(), {name, ""}, kLayerFlowKind);
  EXPECT_TRUE(solver.ok()) << solver.status();
  const auto result = (*solver)->Solve(problem, limits);
  EXPECT_TRUE(result.ok()) << result.status();
  return *result;
}

// Small problems of every sort.
LayerFlowProblem Small(uint64_t seed) {
  testing::RandomLayerFlowOptions options;
  options.servers = 2 + static_cast<int32_t>(seed % 3);
  options.layers = options.servers == 4 ? 4 : 3 + static_cast<int32_t>(seed % 4);
  options.types = 1 + static_cast<int32_t>(seed / 3 % 3);
  options.percent_links = seed % 5 == 0 ? 70 : 100;
  options.wide_links = seed % 2 == 0;
  options.max_round_trip = seed % 7 == 0 ? 1 + static_cast<int32_t>(seed % 3) : 0;
  options.kv = seed % 11 == 0;
  return testing::RandomLayerFlow(seed, options);
}

TEST(LayerFlowSearch, IsHeldAgainstAllPlacements) {
  int proved = 0, best = 0, tried_all = 0;
  constexpr int kProblems = 240;
  for (uint64_t seed = 0; seed < kProblems; ++seed) {
    const LayerFlowProblem problem = Small(seed);
    const int64_t optimum = testing::BestLayerFlow(problem);
    const RateBound fast = FastRateBound(problem);
    EXPECT_GE(fast.rate, optimum) << fast.name << ", seed " << seed;
    PatternBound patterns(problem);
    EXPECT_FALSE(patterns.Refutes(optimum)) << "seed " << seed;
    EXPECT_GE(patterns.Bound(fast.rate), optimum) << "seed " << seed;
    FlowBound bound(problem);
    EXPECT_GE(bound.best().rate, optimum) << bound.best().name << ", seed " << seed;
    EXPECT_FALSE(optimum > 0 && bound.IsBest(optimum - 1)) << "seed " << seed;
    const ResultOf<LayerPlacement> result = Solve(problem, 30'000);
    ASSERT_TRUE(result.best.has_value());
    const int64_t rate = VerifyLayerFlow(problem, *result.best)->rate;
    EXPECT_LE(rate, optimum);
    EXPECT_GE(RateCeiling(problem) - result.bound, optimum) << result.bound_name << " " << seed;
    if (result.termination == Termination::kOptimal) {
      ++proved;
      EXPECT_EQ(rate, optimum) << "seed " << seed;
    }
    best += rate == optimum;
    tried_all += result.solver == "exhaustive";
  }
  // With so little work.
  EXPECT_GT(best, kProblems * 9 / 10);
  EXPECT_GT(proved, kProblems * 6 / 10);
  EXPECT_GT(tried_all, kProblems / 10);
  EXPECT_LT(tried_all, proved);
}

FlowServer Server(std::vector<int64_t> tokens) {
  for (int64_t& rate : tokens) rate *= kTokenRate;
  return {std::move(tokens), {}};
}

LayerFlowProblem Joined(int32_t layers, std::vector<FlowServer> servers) {
  LayerFlowProblem problem;
  problem.layers = layers;
  problem.servers = std::move(servers);
  const auto n = static_cast<int32_t>(problem.servers.size());
  for (int32_t i = 0; i < n; ++i) {
    problem.links.push_back({kFlowSource, i, 1'000'000 * kTokenRate});
    problem.links.push_back({i, kFlowSink, 1'000'000 * kTokenRate});
    for (int32_t j = 0; j < n; ++j) {
      if (i != j) problem.links.push_back({i, j, 1'000'000 * kTokenRate});
    }
  }
  return problem;
}

int64_t Rate(const LayerFlowProblem& problem, const ResultOf<LayerPlacement>& result) {
  return VerifyLayerFlow(problem, *result.best)->rate;
}

TEST(LayerFlowBound, SharedLayersCostMoreThanTheirRate) {
  // Above 60 a server alone holds two layers, and two that share pass 90 with four: two each again,
  // which makes eight. By rates alone nine would do for more.
  const LayerFlowProblem problem =
      Joined(9, std::vector<FlowServer>(4, Server({200, 100, 60, 45})));
  EXPECT_EQ(FastRateBound(problem).name, "capped");
  PatternBound patterns(problem);
  EXPECT_FALSE(patterns.Refutes(60 * kTokenRate));
  EXPECT_TRUE(patterns.Refutes(60 * kTokenRate + 1));
  const ResultOf<LayerPlacement> result = Solve(problem, 100'000);
  EXPECT_EQ(result.termination, Termination::kOptimal);
  EXPECT_EQ(Rate(problem, result), 60 * kTokenRate);
}

TEST(LayerFlowBound, ChangesOverNarrowLinksAreShared) {
  // Two sites of two servers; each alone passes 100 with two layers, but the links between the
  // sites carry 50, so that the eight layers cannot all be held alone. Then nothing is better than
  // two stages of two servers.
  LayerFlowProblem problem = Joined(8, std::vector<FlowServer>(4, Server({200, 100, 40, 30})));
  EXPECT_EQ(Rate(problem, Solve(problem, 100'000)), 100 * kTokenRate);
  for (FlowLink& link : problem.links) {
    const bool between = link.from >= 0 && link.to >= 0 && link.from / 2 != link.to / 2;
    if (between) link.capacity = 50 * kTokenRate;
  }
  PatternBound patterns(problem);
  EXPECT_TRUE(patterns.Refutes(100 * kTokenRate));
  EXPECT_TRUE(patterns.Refutes(60 * kTokenRate + 1));
  EXPECT_FALSE(patterns.Refutes(60 * kTokenRate));
  const ResultOf<LayerPlacement> result = Solve(problem, 100'000);
  EXPECT_EQ(Rate(problem, result), 60 * kTokenRate);
  EXPECT_EQ(result.termination, Termination::kOptimal);
}

TEST(LayerFlowBound, SaysWhatCannotHoldTheModel) {
  LayerFlowProblem problem = Joined(7, std::vector<FlowServer>(3, Server({9, 8})));
  EXPECT_EQ(FastRateBound(problem).rate, 0);
  EXPECT_EQ(FastRateBound(problem).name, "layers");
  problem = Joined(7, std::vector<FlowServer>(4, Server({9, 8})));
  EXPECT_EQ(FastRateBound(problem).rate, 8 * kTokenRate * 8 / 7);
  problem.max_round_trip = 3;
  EXPECT_EQ(FastRateBound(problem).rate, 0);
  const ResultOf<LayerPlacement> result = Solve(problem, 1'000);
  EXPECT_EQ(result.termination, Termination::kOptimal);
  EXPECT_EQ(Rate(problem, result), 0);
}

TEST(LayerFlowStages, HoldExactlyAllLayers) {
  // The second table does not fall: with two layers it passes less than with three.
  const LayerFlowProblem problem =
      Joined(5, {Server({50, 40, 30}), Server({50, 10, 20}), Server({15, 15})});
  const Stages stages = {{0}, {1, 2}};
  EXPECT_EQ(BestStageRate(problem, stages), 25 * kTokenRate);
  const auto layers = StageLayers(problem, stages, 25 * kTokenRate);
  ASSERT_TRUE(layers.has_value());
  EXPECT_THAT(*layers, ElementsAre(3, 2));
  EXPECT_FALSE(StageLayers(problem, stages, 25 * kTokenRate + 1).has_value());
  const LayerPlacement placement = PlacementOfStages(problem, stages, *layers);
  EXPECT_THAT(placement,
              ElementsAre(LayerInterval{0, 3}, LayerInterval{3, 2}, LayerInterval{3, 2}));
  // Who cannot hold so much joins others where it can only help.
  const LayerPlacement deep = PlacementOfStages(problem, stages, {2, 3});
  EXPECT_THAT(deep, ElementsAre(LayerInterval{0, 2}, LayerInterval{2, 3}, LayerInterval{0, 2}));
}

TEST(LayerFlowRules, AreThoseOfOthers) {
  const LayerFlowProblem problem =
      Joined(4, {Server({50, 40}), Server({50, 30}), Server({15, 10}), Server({5})});
  // The first two cover everything, the third joins where least is passed, so does the last.
  EXPECT_THAT(PetalsPlacement(problem), ElementsAre(LayerInterval{0, 2}, LayerInterval{2, 2},
                                                    LayerInterval{2, 2}, LayerInterval{0, 1}));
  EXPECT_THAT(SwarmPlacement(problem), ElementsAre(LayerInterval{0, 1}, LayerInterval{1, 1},
                                                   LayerInterval{2, 1}, LayerInterval{3, 1}));
}

TEST(LayerFlowSearch, IsTheSameEveryTimeAndEndsWithWhatItHas) {
  testing::RandomLayerFlowOptions options;
  options.layers = 20;
  options.servers = 12;
  options.types = 4;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    options.kv = seed % 2 == 1;
    const LayerFlowProblem problem = testing::RandomLayerFlow(seed, options);
    const ResultOf<LayerPlacement> one = Solve(problem, 60'000),
                                   two = Solve(problem, 60'000, "auto", 2);
    EXPECT_EQ(one.best, two.best);
    EXPECT_EQ(one.work, two.work);
    SolveLimits limits;
    limits.work = 1'000'000'000'000;
    int asked = 0;
    limits.stop = [&asked] { return ++asked > 20; };
    std::vector<int64_t> values;
    limits.progress = [&](int64_t value, int64_t bound, int64_t) {
      EXPECT_LE(bound, value);
      values.push_back(value);
    };
    const auto solver = *MakeSolver(LayerFlowSolvers(), {"auto", ""}, kLayerFlowKind);
    const auto stopped = solver->Solve(problem, limits);
    ASSERT_TRUE(stopped.ok() && stopped->best.has_value());
    ASSERT_FALSE(values.empty());
    EXPECT_TRUE(std::is_sorted(values.rbegin(), values.rend()));
    EXPECT_EQ(values.back(), RateCeiling(problem) - Rate(problem, *stopped));
  }
}

TEST(LayerFlowSearch, TriesAllWhereThereAreFew) {
  const auto solver = *MakeSolver(LayerFlowSolvers(), {"exhaustive", ""}, kLayerFlowKind);
  SolveLimits limits;
  limits.work = 1'000;
  const auto refused = solver->Solve(Joined(6, std::vector<FlowServer>(4, Server({9, 8}))), limits);
  EXPECT_EQ(refused.status().message(), "exhaustive: there are more than 1000 placements");
  const LayerFlowProblem small = Joined(4, std::vector<FlowServer>(2, Server({9, 8})));
  EXPECT_EQ(Rate(small, *solver->Solve(small, limits)), 8 * kTokenRate);
}

struct Published {
  const char* file;
  double at_least;
  bool proved;
};

// Where the published instances are at hand.
TEST(LayerFlowSearch, BeatsWhatIsPublished) {
  const std::string folder = std::string(kSourceFolder) + "/../shared/workloads/helix/";
  for (const Published& each :
       {Published{"a100x4_30b", 1044.5333, true}, Published{"quality10_30b", 286.5874, true},
        Published{"regions24_70b", 1754.3818, true},
        Published{"regions24_70b_pruned", 1754.3818, true},
        Published{"single24_70b", 2045.641, true}, Published{"t4x12_30b", 397.685, true}}) {
    std::ifstream stream(folder + each.file + ".json");
    if (!stream) GTEST_SKIP() << "there is no " << folder << each.file << ".json";
    const std::string text((std::istreambuf_iterator<char>(stream)),
                           std::istreambuf_iterator<char>());
    const auto problem = ReadProblemOfAnyKind(BuiltinKinds(), text, each.file);
    ASSERT_TRUE(problem.ok()) << problem.status();
    SolveLimits limits;
    limits.work = 4'000'000;
    const auto result = (*problem)->Ask({"auto", ""}, limits);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_GE(*(*problem)->Objective(result->value).If<double>(), each.at_least) << each.file;
    EXPECT_EQ(result->termination == Termination::kOptimal, each.proved) << each.file;
    // What is published is judged as its authors did.
    const auto judged = (*problem)->Judge(*ParseJson(text), each.file);
    ASSERT_TRUE(judged.ok()) << judged.status();
    EXPECT_NEAR(*judged->Find("objective")->If<double>(), *judged->Find("published")->If<double>(),
                1e-6);
  }
}

}  // namespace
}  // namespace allot
