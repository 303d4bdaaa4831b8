#include "placement/value/problem_facts.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "placement/problem/allowed_times.h"
#include "placement/problem/device_symmetry.h"
#include "placement/solver.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

TEST(ProblemFacts, AreWhatTheyAreMadeOf) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const PlacementProblem problem = testing::RandomProblem(seed, testing::RandomOptions(seed, 12));
    const ProblemFacts facts(problem);
    EXPECT_TRUE(facts.check().ok());
    EXPECT_EQ(facts.graph().topological, BuildGraph(problem).topological);
    EXPECT_EQ(facts.groups(), JoinedGroups(problem));
    EXPECT_EQ(facts.allowed_times(), AllowedTimes(problem, JoinedGroups(problem)));
    EXPECT_EQ(facts.device_classes(), DeviceClasses(problem));
    EXPECT_EQ(facts.flat_graph()->slot_flow, BuildFlatGraph(problem, facts.graph()).slot_flow);
    const TransferTable table(problem);
    for (const FlowId flow : problem.flows.ids()) {
      for (int32_t from = 0; from < table.num_devices(); ++from) {
        for (int32_t to = 0; to < table.num_devices(); ++to) {
          EXPECT_EQ(facts.transfers()->Time(flow.index(), from, to),
                    table.Time(flow.index(), from, to));
        }
      }
    }
  }
}

TEST(ProblemFacts, AreMadeOnceWhoeverAsksFirst) {
  const PlacementProblem problem = testing::RandomProblem(5, testing::RandomOptions(5, 12));
  const ProblemFacts facts(problem);
  std::vector<const void*> seen(8);
  std::vector<std::thread> threads;
  for (const void*& mine : seen) {
    threads.emplace_back([&] { mine = facts.transfers().get(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const void* mine : seen) EXPECT_EQ(mine, seen[0]);
  EXPECT_EQ(&facts.groups(), &facts.groups());
}

TEST(ProblemFacts, OfAnotherProblemAreRefused) {
  const PlacementProblem problem = testing::RandomProblem(5, testing::RandomOptions(5, 12));
  const PlacementProblem other = problem;
  const ProblemFacts facts(other);
  const ProblemGraph graph = BuildGraph(problem);
  const SolveLimits limits;
  const auto solver = BuiltinSolvers().Find("auto")->make("");
  const SolveInput input{problem, graph, limits, nullptr, {}, 0, &facts};
  EXPECT_EQ(Solve(**solver, "auto", input).status().message(),
            "the facts are those of another problem");
}

}  // namespace
}  // namespace allot
