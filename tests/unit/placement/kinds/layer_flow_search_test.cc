// What is found for layers over servers, and what is proved of it.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "placement/kinds/kind.h"
#include "placement/kinds/layer_flow/bounds/pattern_bound.h"
#include "placement/kinds/layer_flow/bounds/rate_bound.h"
#include "placement/kinds/layer_flow/format.h"
#include "placement/kinds/layer_flow/search/rules.h"
#include "placement/kinds/layer_flow/search/solvers.h"
#include "placement/kinds/layer_flow/search/stage_plan.h"
#include "placement/kinds/layer_flow/value/evaluate.h"
#include "placement/kinds/layer_flow/value/verify.h"
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
  int proved = 0, best = 0, positive = 0;
  for (uint64_t seed = 0; seed < 600; ++seed) {
    const LayerFlowProblem problem = Small(seed);
    const int64_t optimum = testing::BestLayerFlow(problem);
    const RateBound fast = FastRateBound(problem);
    EXPECT_GE(fast.rate, optimum) << fast.name << ", seed " << seed;
    PatternBound patterns(problem);
    EXPECT_FALSE(patterns.Refutes(optimum)) << "seed " << seed;
    EXPECT_GE(patterns.Bound(fast.rate), optimum) << "seed " << seed;
    // Too little work to try them all.
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
    positive += optimum > 0;
    if (rate != optimum) {
      printf("seed %d rate %ld optimum %ld n %zu L %d wide %d N %d\n", (int)seed, rate, optimum,
             problem.servers.size(), problem.layers, (int)(seed % 2 == 0), problem.max_round_trip);
    }
  }
  printf("proved %d best %d positive %d\n", proved, best, positive);
}

}  // namespace
}  // namespace allot
