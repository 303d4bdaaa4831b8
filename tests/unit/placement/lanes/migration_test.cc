#include "placement/lanes/migration.h"

#include "gtest/gtest.h"

#include "placement/refinement/refine_parts.h"
#include "placement/refinement/search_parts.h"
#include "tests/models/random_problem.h"

namespace allot {
namespace {

using testing::Describe;
using testing::RandomOptions;
using testing::RandomProblem;
using testing::RandomProblemOptions;

PlacementProblem ThreeItems() {
  PlacementProblem problem;
  for (const char* name : {"a", "b"}) {
    PlacementProblem::MachineDevice device;
    device.name = name;
    device.memory = 1 << 20;
    problem.devices.Add(device);
  }
  for (const Bytes memory : {100, 300, 0}) {
    PlacementProblem::Item item;
    item.time = IdVector<DeviceId, std::optional<Picos>>(2, Picos{10});
    item.memory = memory;
    problem.items.Add(item);
  }
  problem.shared.push_back({200, {ItemId(0), ItemId(2)}});
  return problem;
}

PartedSolution On(const std::vector<int32_t>& device) {
  PartedSolution solution;
  for (const int32_t d : device) solution.items.device_of.Add(DeviceId(d));
  return solution;
}

TEST(MigrationTest, PriceIsTheShareOfWeightsThatMove) {
  const PlacementProblem problem = ThreeItems();
  // Weights 200, 300 and 100 of 600; moving all must gain a fifth of 6000.
  const Migration one = MigrationFrom(problem, {{On({0, 0, 1})}, {1}}, 6000, 200);
  EXPECT_EQ(one.all, 1200);
  EXPECT_EQ(one.Price(On({0, 0, 1}).items.device_of), 0);
  EXPECT_EQ(one.Price(On({1, 0, 1}).items.device_of), 400);
  EXPECT_EQ(one.Price(On({1, 1, 0}).items.device_of), 1200);
  const std::vector<int32_t> device = {0, 1, 0};
  EXPECT_EQ(one.Price(device.data()), 800);
  // Lanes: what is new on a device counts once, and what is given up costs nothing.
  EXPECT_EQ(one.Price(Lanes{{On({0, 0, 1}), On({1, 0, 1}), On({1, 0, 0})}, {1, 1, 1}}), 600);
  const Migration two = MigrationFrom(problem, {{On({0, 0, 0}), On({1, 1, 1})}, {1, 1}}, 6000, 200);
  EXPECT_EQ(two.Price(On({0, 1, 0}).items.device_of), 0);
}

TEST(MigrationTest, WithoutWeightsAllItemsWeighTheSame) {
  PlacementProblem problem = ThreeItems();
  for (PlacementProblem::Item& item : problem.items) item.memory = 0;
  problem.shared.clear();
  const Migration migration = MigrationFrom(problem, {{On({0, 0, 0})}, {1}}, 3000, 1000);
  EXPECT_EQ(migration.Price(On({0, 1, 1}).items.device_of), 2000);
}

// The dearer moving is, the less moves; what moves is worth it; and what is there is never left for
// something that costs more.
TEST(MigrationTest, SearchesWeighMovingAgainstTheGain) {
  int stayed = 0, moved = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    RandomProblemOptions options = RandomOptions(seed, 16);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << Describe(options));
    const PlacementProblem problem = RandomProblem(seed, options);
    const ProblemGraph graph = BuildGraph(problem);
    const PartedSolution start = FormParts(
        problem, graph, {Placement(problem.items.size(), DeviceId(0)), graph.topological}, 100);
    if (!start.score.feasible) continue;
    const Lanes there{{start}, {1}};
    for (const int64_t permille : {0, 50, 100'000}) {
      const Migration migration = MigrationFrom(problem, there, start.score.objective, permille);
      PartSearchOptions search;
      search.first_round = search.work = 20'000;
      search.slack_permille = 10;
      search.migration = &migration;
      const PartedSolution found = SearchParts(problem, graph, start, search).simple;
      ASSERT_TRUE(found.score.feasible);
      const Picos price = migration.Price(found.items.device_of);
      EXPECT_LE(found.score.objective + price, start.score.objective) << permille;
      const bool stays = found.items.device_of == start.items.device_of;
      if (permille == 100'000) {
        EXPECT_EQ(price, 0);
      }
      (stays ? stayed : moved) += permille == 50 ? 1 : 0;
    }
  }
  EXPECT_GT(stayed, 5);
  EXPECT_GT(moved, 5);
}

}  // namespace
}  // namespace allot
