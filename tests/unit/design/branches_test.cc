#include "design/model/branches.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/random.h"

namespace allot::design {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Stretch Make(std::vector<std::vector<int32_t>> before, std::vector<int32_t> products) {
  Stretch stretch{std::move(before), {}, {}};
  stretch.product.resize(stretch.before.size());
  stretch.work.assign(stretch.before.size(), 1);
  for (const int32_t node : products) {
    stretch.product[static_cast<size_t>(node)] = true;
    stretch.work[static_cast<size_t>(node)] = 100;
  }
  return stretch;
}

TEST(FindBranches, TwoEncodersBesideEachOther) {
  // 0 1 2, cut before the product 2, and 3 4, read by 5 with 6 behind it.
  const Branches found = FindBranches(Make({{}, {0}, {1}, {}, {3}, {2, 4}, {5}}, {0, 2, 3, 5}));
  EXPECT_THAT(found.branch_of, ElementsAre(0, 0, 1, 2, 2, 3, 3));
  EXPECT_THAT(found.edges, ElementsAre(Pair(0, 1), Pair(1, 3), Pair(2, 3)));
}

TEST(FindBranches, ThoseWithoutAProductGoWithANeighbour) {
  // A residual: 0 is read by 1 and by 2, which adds; 2 has no product and two sources and users, so
  // it stays, as does 6 with two sources; 3 is a view of 2, read by 4.
  const Branches found = FindBranches(Make({{}, {0}, {0, 1}, {2}, {3}, {2}, {4, 5}}, {0, 1, 4, 5}));
  EXPECT_THAT(found.branch_of, ElementsAre(0, 1, 2, 3, 3, 4, 5));
  EXPECT_THAT(found.edges, ElementsAre(Pair(0, 1), Pair(0, 2), Pair(1, 2), Pair(2, 3), Pair(2, 4),
                                       Pair(3, 5), Pair(4, 5)));
}

TEST(FindBranches, WhatHasNoEdgesGoesWithTheFirst) {
  EXPECT_THAT(FindBranches(Make({{}, {}, {1}}, {1})).branch_of, ElementsAre(0, 0, 0));
  EXPECT_EQ(FindBranches(Make({{}, {}}, {})).size, 1u);
  EXPECT_EQ(FindBranches(Make({}, {})).size, 0u);
}

Stretch RandomStretch(Random& random) {
  const size_t n = 1 + random.Below(40);
  std::vector<std::vector<int32_t>> before(n);
  std::vector<int32_t> products;
  for (size_t node = 0; node < n; ++node) {
    for (size_t source = node > 6 ? node - 6 : 0; source < node; ++source) {
      if (random.Below(4) == 0) before[node].push_back(static_cast<int32_t>(source));
    }
    if (random.Below(2) == 0) products.push_back(static_cast<int32_t>(node));
  }
  return Make(std::move(before), std::move(products));
}

// Edges lead forward, are those of the nodes, and no branch is left out.
void ExpectSound(const Stretch& stretch, const Branches& found, bool all_edges) {
  std::vector<bool> used(found.size);
  for (size_t node = 0; node < stretch.before.size(); ++node) {
    const int32_t to = found.branch_of[node];
    ASSERT_LT(static_cast<size_t>(to), found.size);
    used[static_cast<size_t>(to)] = true;
    for (const int32_t source : stretch.before[node]) {
      const int32_t from = found.branch_of[static_cast<size_t>(source)];
      ASSERT_LE(from, to);
      if (from == to || !all_edges) continue;
      EXPECT_TRUE(std::binary_search(found.edges.begin(), found.edges.end(), std::pair(from, to)));
    }
  }
  EXPECT_EQ(std::count(used.begin(), used.end(), true), static_cast<int64_t>(found.size));
  for (const auto& [from, to] : found.edges) EXPECT_LT(from, to);
}

TEST(FindBranches, RandomStretchesHaveNoCycles) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    Random random(seed);
    const Stretch stretch = RandomStretch(random);
    const Branches found = FindBranches(stretch);
    ExpectSound(stretch, found, /*all_edges=*/true);
    for (const size_t most : {1, 3, 7}) {
      const Branches pieces = InOneOrder(stretch, found, most);
      EXPECT_LE(pieces.size, most);
      EXPECT_EQ(pieces.edges.size() + 1, pieces.size);
      ExpectSound(stretch, pieces, /*all_edges=*/false);
    }
  }
}

TEST(InOneOrder, PiecesAreAboutEquallyLong) {
  Stretch stretch = Make({{}, {0}, {0}, {0}, {0}, {1, 2, 3, 4}}, {0, 1, 2, 3, 4, 5});
  stretch.work = {10, 10, 10, 10, 10, 10};
  const Branches pieces = InOneOrder(stretch, FindBranches(stretch), 3);
  EXPECT_THAT(pieces.branch_of, ElementsAre(0, 0, 1, 1, 2, 2));
  EXPECT_THAT(pieces.edges, ElementsAre(Pair(0, 1), Pair(1, 2)));
  EXPECT_THAT(InOneOrder(stretch, FindBranches(stretch), 1).edges, IsEmpty());
}

}  // namespace
}  // namespace allot::design
