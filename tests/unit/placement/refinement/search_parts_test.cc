#include "placement/refinement/search_parts.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

#include "placement/exact/brute_force_parts.h"
#include "placement/parts/ordered_cuts.h"
#include "placement/refinement/simplify_parts.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;

PartedSolution Anything(const PlacementProblem& problem, const ProblemGraph& graph) {
  return FormParts(problem, graph,
                   {Placement(problem.items.size(), DeviceId(0)), graph.topological}, 100);
}

// As a short search leaves it.
PartedSolution Searched(const PlacementProblem& problem, const ProblemGraph& graph) {
  PartSearchOptions search;
  search.first_round = search.work = 16'000;
  return SearchParts(problem, graph, Anything(problem, graph), search).best;
}

TEST(SearchPartsTest, MoreRoundsAreNeverWorseAndThreadsChangeNothing) {
  int improved = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    RandomProblemOptions options = RandomOptions(seed, 24);
    options.items = 24;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const PartedSolution start = Anything(problem, graph);
    PartSearchOptions search;
    search.first_round = 4'000;
    search.seed = seed;
    search.slack_permille = 20;
    const PartedSolution* before = &start;
    PartedSolution last;
    for (const int64_t work : {0, 4'000, 9'000, 16'000, 32'000, 64'000}) {
      search.work = work;
      search.threads = 1;
      PartSearchResult found = SearchParts(problem, graph, start, search);
      EXPECT_LE(found.work, work);
      if (before->score.feasible) {
        ASSERT_TRUE(found.simple.score.feasible);
        const Picos slack = work == 0 ? start.score.objective / 50 : 0;
        EXPECT_LE(found.simple.score.objective, before->score.objective + slack) << work;
      }
      search.threads = 2;
      const PartSearchResult same = SearchParts(problem, graph, start, search);
      EXPECT_EQ(same.simple.items, found.simple.items);
      EXPECT_EQ(same.simple.parts.part_of, found.simple.parts.part_of);
      improved +=
          before->score.feasible && found.simple.score.objective < before->score.objective ? 1 : 0;
      last = std::move(found.simple);
      before = &last;
    }
  }
  EXPECT_GT(improved, 30);
}

TEST(SearchPartsTest, RoundsGoOnWhileTheBestIsAboveEnough) {
  int longer = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const PlacementProblem problem = RandomProblem(seed, RandomOptions(seed, 24));
    const ProblemGraph graph = BuildGraph(problem);
    const PartedSolution start = Anything(problem, graph);
    PartSearchOptions search;
    search.first_round = search.work = 4'000;
    const PartSearchResult once = SearchParts(problem, graph, start, search);
    if (!once.best.score.feasible) continue;
    search.more_work = 16'000;
    search.enough = once.best.score.objective;
    EXPECT_EQ(SearchParts(problem, graph, start, search).work, once.work);
    search.enough = once.best.score.objective - 1;
    const PartSearchResult more = SearchParts(problem, graph, start, search);
    EXPECT_LE(more.work, search.more_work);
    EXPECT_LE(more.best.score.objective, once.best.score.objective);
    longer += more.work > once.work ? 1 : 0;
  }
  EXPECT_GT(longer, 10);
}

TEST(SearchPartsTest, KeepsToAsManyPartsAsAreAllowed) {
  int fewer = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    RandomProblemOptions options = RandomOptions(seed, 20);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    PartSearchOptions search;
    search.first_round = search.work = 20'000;
    const PartedSolution start = Anything(problem, graph);
    const PartedSolution free = SearchParts(problem, graph, start, search).best;
    if (!free.score.feasible || free.parts.num_parts < 3) continue;
    search.max_parts = static_cast<int64_t>(free.parts.num_parts) - 1;
    const bool held = start.parts.num_parts < free.parts.num_parts;
    // From what holds already, and from what has too many.
    for (const PartedSolution* from : {&start, &free}) {
      const PartSearchResult found = SearchParts(problem, graph, *from, search);
      const bool holds = found.simple.parts.num_parts < free.parts.num_parts;
      if (from == &start && held) {
        EXPECT_TRUE(holds);
      }
      if (from->score.feasible) {
        EXPECT_TRUE(found.simple.score.feasible);
      }
      if (!holds || !found.simple.score.feasible) continue;
      EXPECT_LT(found.best.parts.num_parts, free.parts.num_parts);
      ++fewer;
    }
  }
  EXPECT_GT(fewer, 25);
}

TEST(SearchPartsTest, SmallProblemsAreSolvedMostOfTheTime) {
  int solved = 0, feasible = 0;
  for (uint64_t seed = 1; seed <= 80; ++seed) {
    const RandomProblemOptions options = RandomOptions(seed, 6);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const std::optional<PartedSolution> best = BestParts(problem, graph);
    PartSearchOptions search;
    search.first_round = search.work = 40'000;
    const PartSearchResult found = SearchParts(problem, graph, Anything(problem, graph), search);
    if (!best.has_value()) {
      EXPECT_FALSE(found.best.score.feasible);
      continue;
    }
    ++feasible;
    if (!found.best.score.feasible) continue;
    EXPECT_GE(found.best.score.objective, best->score.objective);
    solved += found.best.score.objective == best->score.objective ? 1 : 0;
  }
  EXPECT_GT(feasible, 40);
  EXPECT_GE(solved * 10, feasible * 8);
}

TEST(SimplifyPartsTest, KeepsToTheLimitAndSavesParts) {
  int saved = 0;
  for (uint64_t seed = 1; seed <= 120; ++seed) {
    RandomProblemOptions options = RandomOptions(seed, 16);
    options.items = 16;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const PartedSolution start = Searched(problem, graph);
    if (!start.score.feasible) continue;
    const Picos limit = start.score.objective + start.score.objective / 10;
    int64_t work = 0;
    const PartedSolution simple = SimplifyParts(problem, graph, start, limit, work);
    EXPECT_TRUE(simple.score.feasible);
    EXPECT_LE(simple.score.objective, limit);
    EXPECT_LE(simple.parts.num_parts, start.parts.num_parts);
    EXPECT_EQ(EvaluateParts(problem, simple.items, simple.parts).objective, simple.score.objective);
    saved += simple.parts.num_parts < start.parts.num_parts ? 1 : 0;
  }
  EXPECT_GT(saved, 10);
}

// Of one part the best is known: that of the best device.
TEST(ThinPartsTest, KeepsToEachNumberAndFindsTheBestOfOnePart) {
  int compared = 0, best_found = 0, thinned = 0;
  for (uint64_t seed = 1; seed <= 240; ++seed) {
    RandomProblemOptions options = RandomOptions(seed, 7);
    options.items = 7;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const PartedSolution start = Searched(problem, graph);
    if (!start.score.feasible || start.parts.num_parts == 1) continue;
    ThinPartsOptions thin;
    thin.most_parts = static_cast<int64_t>(start.parts.num_parts) - 1;
    thin.work = 20'000;
    int64_t work = 0;
    int64_t most = thin.most_parts;
    for (const PartedSolution& found : ThinParts(problem, graph, start, thin, work)) {
      EXPECT_TRUE(found.score.feasible);
      EXPECT_EQ(EvaluateParts(problem, found.items, found.parts).objective, found.score.objective);
      ASSERT_LE(static_cast<int64_t>(found.parts.num_parts), most);
      most /= 2;
      ++thinned;
    }
    EXPECT_GT(work, 0);
    thin.most_parts = 1;
    const std::vector<PartedSolution> one = ThinParts(problem, graph, start, thin, work);
    Picos alone = 0;
    for (const DeviceId d : problem.devices.ids()) {
      const PartedSolution whole{{Placement(problem.items.size(), d), graph.topological},
                                 {IdVector<ItemId, ItemId>(problem.items.size(), ItemId(0)), 1},
                                 {}};
      const Score score = EvaluateParts(problem, whole.items, whole.parts);
      if (score.feasible && (alone == 0 || score.objective < alone)) alone = score.objective;
    }
    if (alone == 0) {
      EXPECT_TRUE(one.empty());
      continue;
    }
    ++compared;
    if (one.empty()) continue;
    EXPECT_GE(one[0].score.objective, alone);
    best_found += one[0].score.objective == alone ? 1 : 0;
  }
  EXPECT_GT(thinned, 60);
  EXPECT_GT(compared, 40);
  EXPECT_GE(best_found * 10, compared * 9);
}

}  // namespace
}  // namespace allot
