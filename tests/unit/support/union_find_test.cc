#include "support/graph/union_find.h"

#include <algorithm>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/random.h"

namespace allot {
namespace {

TEST(UnionFind, MergesSets) {
  UnionFind sets(5);
  EXPECT_TRUE(sets.Merge(4, 2));
  EXPECT_TRUE(sets.Merge(3, 4));
  EXPECT_FALSE(sets.Merge(2, 3)) << "one already";
  EXPECT_EQ(sets.Find(3), 2);
  EXPECT_EQ(sets.Find(1), 1);
  const UnionFind::Numbers numbers = sets.Number();
  EXPECT_EQ(numbers.count, 3);
  EXPECT_THAT(numbers.of, ::testing::ElementsAre(0, 1, 2, 2, 2));
}

TEST(UnionFind, WhoRepresentsASetMayBeChosen) {
  UnionFind sets(4);
  sets.MergeInto(3, 1);
  sets.MergeInto(2, 1);
  EXPECT_EQ(sets.Find(3), 2);
  sets.MergeInto(2, 3);
  EXPECT_EQ(sets.Find(1), 2) << "one already";
  const UnionFind::Numbers numbers = sets.Number();
  EXPECT_EQ(numbers.count, 2);
  EXPECT_THAT(numbers.of, ::testing::ElementsAre(0, 1, 1, 1)) << "by smallest member";
}

TEST(UnionFind, AgreesWithLabels) {
  Random random(6);
  for (int round = 0; round < 100; ++round) {
    const auto n = static_cast<size_t>(random.Between(1, 30));
    UnionFind sets(n);
    std::vector<int32_t> label(n);
    for (size_t v = 0; v < n; ++v) label[v] = static_cast<int32_t>(v);
    for (int merge = 0; merge < 30; ++merge) {
      const auto a = static_cast<int32_t>(random.Below(static_cast<int64_t>(n)));
      const auto b = static_cast<int32_t>(random.Below(static_cast<int64_t>(n)));
      const int32_t of_a = label[static_cast<size_t>(a)], of_b = label[static_cast<size_t>(b)];
      EXPECT_EQ(sets.Merge(a, b), of_a != of_b);
      for (int32_t& each : label) {
        if (each == of_a || each == of_b) each = std::min(of_a, of_b);
      }
    }
    for (size_t v = 0; v < n; ++v) EXPECT_EQ(sets.Find(static_cast<int32_t>(v)), label[v]);
  }
}

}  // namespace
}  // namespace allot
