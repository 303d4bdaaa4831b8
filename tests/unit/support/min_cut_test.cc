#include "support/graph/min_cut.h"

#include <algorithm>
#include <limits>

#include "gtest/gtest.h"

#include "support/random.h"

namespace allot {
namespace {

// What separating the two sides costs.
int64_t Cost(const std::vector<CapacityArc>& arcs, const std::vector<char>& source_side) {
  int64_t cost = 0;
  for (const CapacityArc& arc : arcs) {
    if (source_side[arc.from] && !source_side[arc.to]) cost += arc.capacity;
  }
  return cost;
}

TEST(MinCut, OfASmallNetworkByHand) {
  // Two ways, 0-1-3 of 4 and 0-2-3 of 3, and a bridge 1-2 that lets one more through: the arcs that
  // leave {0, 1} carry 4 + 1 + 2.
  const std::vector<CapacityArc> arcs = {{0, 1, 10}, {0, 2, 2}, {1, 2, 1}, {1, 3, 4}, {2, 3, 9}};
  const MinCut cut = MinimumCut(4, arcs, 0, 3);
  EXPECT_EQ(cut.value, 7);
  EXPECT_EQ(cut.source_side, (std::vector<char>{1, 1, 0, 0}));
}

TEST(MinCut, NothingBetweenThemAndEverything) {
  const MinCut apart = MinimumCut(3, {{0, 1, 5}}, 0, 2);
  EXPECT_EQ(apart.value, 0);
  EXPECT_EQ(apart.source_side, (std::vector<char>{1, 1, 0}));
  const MinCut direct = MinimumCut(2, {{0, 1, 3}, {0, 1, 4}, {1, 0, 9}, {1, 1, 9}}, 0, 1);
  EXPECT_EQ(direct.value, 7);
}

TEST(MinCut, SumsBeyond64BitsAreClamped) {
  const int64_t huge = int64_t{1} << 62;
  std::vector<CapacityArc> arcs;
  for (int32_t v = 1; v <= 8; ++v) {
    arcs.push_back({0, v, huge});
    arcs.push_back({v, 9, huge});
  }
  EXPECT_EQ(MinimumCut(10, arcs, 0, 9).value, std::numeric_limits<int64_t>::max());
}

// A chain whose first half clings to the source and whose second half to the sink, but is paid to
// leave: flow has to travel all the way.
TEST(MinCut, AlongALongChain) {
  const int32_t n = 20'000;
  std::vector<CapacityArc> arcs;
  for (int32_t v = 2; v < n; ++v) {
    arcs.push_back({0, v, v < n / 2 ? 3 : 1});
    arcs.push_back({v, 1, v < n / 2 ? 1 : 3});
    if (v + 1 < n) arcs.push_back({v, v + 1, v % 97 == 0 ? 40 : 1'000'000});
  }
  const MinCut cut = MinimumCut(n, arcs, 0, 1);
  EXPECT_EQ(Cost(arcs, cut.source_side), cut.value);
  // All vertices with the half they like, and the cheap arc among those at the border.
  EXPECT_GT(cut.value, n - 2);
  EXPECT_LT(cut.value, n - 2 + 2 * 97 + 40);
}

TEST(MinCut, AgreesWithEveryCutOfRandomGraphs) {
  Random random(11);
  for (int round = 0; round < 400; ++round) {
    const auto n = static_cast<int32_t>(random.Between(2, 9));
    std::vector<CapacityArc> arcs;
    const int64_t m = random.Between(0, 4 * n);
    for (int64_t i = 0; i < m; ++i) {
      arcs.push_back({static_cast<int32_t>(random.Below(n)), static_cast<int32_t>(random.Below(n)),
                      random.Below(4) == 0 ? 0 : random.Between(1, 12)});
    }
    const auto source = static_cast<int32_t>(random.Below(n));
    const auto sink = static_cast<int32_t>((source + 1 + random.Below(n - 1)) % n);
    int64_t least = std::numeric_limits<int64_t>::max();
    int64_t most = 0;  // vertices on the source's side of a minimum cut
    for (int32_t mask = 0; mask < 1 << n; ++mask) {
      std::vector<char> side;
      for (int32_t v = 0; v < n; ++v) side.push_back((mask >> v & 1) != 0 ? 1 : 0);
      if (!side[source] || side[sink]) continue;
      const int64_t cost = Cost(arcs, side);
      const auto size = std::count(side.begin(), side.end(), char{1});
      if (cost < least) most = 0;
      least = std::min(least, cost);
      if (cost == least) most = std::max<int64_t>(most, size);
    }
    const MinCut cut = MinimumCut(n, arcs, source, sink);
    ASSERT_EQ(cut.value, least) << "round " << round;
    EXPECT_EQ(Cost(arcs, cut.source_side), least);
    EXPECT_EQ(std::count(cut.source_side.begin(), cut.source_side.end(), char{1}), most);
    EXPECT_TRUE(cut.source_side[source] && !cut.source_side[sink]);
  }
}

}  // namespace
}  // namespace allot
