#include "placement/refinement/combine_parts.h"

#include <utility>

#include "gtest/gtest.h"

#include "placement/refinement/refine_parts.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;

PartedSolution Refined(const PlacementProblem& problem, const ProblemGraph& graph, uint64_t seed) {
  const PartedSolution start = FormParts(
      problem, graph, {Placement(problem.items.size(), DeviceId(0)), graph.topological}, 100);
  RefinePartsOptions options;
  options.work = 3'000;
  options.seed = seed;
  return RefineParts(problem, graph, start, options);
}

TEST(CombinePartsTest, IsNeverWorseThanEitherAndOftenBetterThanBoth) {
  int better = 0, tried = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    RandomProblemOptions options = RandomOptions(seed, 40);
    options.items = 40;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    PartedSolution one = Refined(problem, graph, seed), other = Refined(problem, graph, seed + 100);
    if (Better(other.score, one.score)) std::swap(one, other);
    const PartedSolution both = CombineParts(problem, graph, one, other, /*work=*/100'000);
    EXPECT_GE(both.score.feasible, one.score.feasible);
    if (one.score.feasible) {
      EXPECT_LE(both.score.objective, one.score.objective);
    }
    const Score again = EvaluateParts(problem, both.items, both.parts);
    EXPECT_EQ(again.feasible, both.score.feasible);
    EXPECT_EQ(again.objective, both.score.objective);
    if (!one.score.feasible || one.items.device_of == other.items.device_of) continue;
    ++tried;
    better += both.score.objective < one.score.objective ? 1 : 0;
  }
  EXPECT_GT(tried, 20);
  EXPECT_GT(better, tried / 4);
}

TEST(CombinePartsTest, TakesNothingFromItselfAndKeepsToTheNumberOfParts) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const PlacementProblem problem = RandomProblem(seed, RandomOptions(seed, 24));
    const ProblemGraph graph = BuildGraph(problem);
    const PartedSolution one = Refined(problem, graph, 1), other = Refined(problem, graph, 2);
    const PartedSolution same = CombineParts(problem, graph, one, one, 10'000);
    EXPECT_EQ(same.items, one.items);
    EXPECT_EQ(same.parts.part_of, one.parts.part_of);
    const auto parts = static_cast<int64_t>(one.parts.num_parts);
    const PartedSolution few = CombineParts(problem, graph, one, other, 10'000, nullptr, parts);
    if (one.score.feasible) {
      EXPECT_LE(few.parts.num_parts, one.parts.num_parts);
    }
  }
}

}  // namespace
}  // namespace allot
