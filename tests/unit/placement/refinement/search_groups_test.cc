#include "placement/refinement/search_groups.h"

#include <algorithm>
#include <map>
#include <set>

#include "gtest/gtest.h"

#include "placement/parts/ordered_cuts.h"
#include "placement/problem/device_symmetry.h"
#include "support/random.h"

namespace allot {
namespace {

// Items in a row, on two devices of one kind and four of another, all links alike.
PlacementProblem Halves(uint64_t seed) {
  constexpr int kItems = 9, kDevices = 6, kFirstKind = 2;
  Random random(seed);
  PlacementProblem problem;
  problem.objective = PlacementObjective::kThroughput;
  for (int d = 0; d < kDevices; ++d) {
    problem.devices.Add({"d" + std::to_string(d), 1000, d < kFirstKind ? 5 : 2});
  }
  problem.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(
      kDevices,
      IdVector<DeviceId, std::optional<Route>>(kDevices, Route{{{1, kPicosPerSecond / 1000}}, {}}));
  for (int i = 0; i < kItems; ++i) {
    PlacementProblem::Item item;
    item.name = "i" + std::to_string(i);
    item.memory = 10;
    const Picos first = 10 + random.Below(90), second = 10 + random.Below(90);
    for (int d = 0; d < kDevices; ++d) item.time.Add(d < kFirstKind ? first : second);
    problem.items.Add(std::move(item));
    if (i > 0) problem.flows.Add({ItemId(i - 1), {ItemId(i)}, 1, {}});
  }
  return problem;
}

TEST(SearchGroupsTest, AGroupUsesItsOwnDevicesOnly) {
  int found_any = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const PlacementProblem problem = Halves(seed);
    const ProblemGraph graph = BuildGraph(problem);
    const std::vector<int32_t> like = DevicesAlike(problem);
    PartSearchOptions search;
    search.first_round = search.work = 2'000;
    int64_t work = 0;
    for (const PartedSolution& solution : SearchGroups(problem, graph, search, work)) {
      ++found_any;
      EXPECT_TRUE(solution.score.feasible);
      const Score score = EvaluateParts(problem, solution.items, solution.parts);
      EXPECT_EQ(score.objective, solution.score.objective);
      // Of each class at most half of the devices.
      std::map<int32_t, std::set<DeviceId>> used;
      for (const DeviceId d : solution.items.device_of) {
        used[like[static_cast<size_t>(d.index())]].insert(d);
      }
      for (const auto& [first, devices] : used) {
        EXPECT_LE(2 * devices.size(),
                  static_cast<size_t>(std::count(like.begin(), like.end(), first)));
      }
      EXPECT_GT(work, 0);
    }
  }
  EXPECT_EQ(found_any, 80);  // halves, as they are found and with few parts
}

}  // namespace
}  // namespace allot
