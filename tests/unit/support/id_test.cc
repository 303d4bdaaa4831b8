#include "support/id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using AppleId = Id<struct AppleTag>;

TEST(IdTest, DefaultIsInvalidAndOrdersFirst) {
  EXPECT_FALSE(AppleId().valid());
  EXPECT_EQ(AppleId().index(), -1);
  EXPECT_TRUE(AppleId(0).valid());
  EXPECT_LT(AppleId(), AppleId(0));
  EXPECT_LT(AppleId(0), AppleId(1));
  EXPECT_EQ(AppleId(2), AppleId(size_t{2}));
}

TEST(IdVectorTest, IndexesByItsOwnIds) {
  IdVector<AppleId, std::string> apples;
  const AppleId red = apples.Add("red");
  const AppleId green = apples.Add("green");
  EXPECT_EQ(apples[red], "red");
  EXPECT_EQ(apples[green], "green");
  EXPECT_FALSE(apples.Contains(AppleId(2)));
  EXPECT_FALSE(apples.Contains(AppleId()));
  std::vector<AppleId> ids;
  for (const AppleId id : apples.ids()) ids.push_back(id);
  EXPECT_THAT(ids, ::testing::ElementsAre(red, green));
}

TEST(IdVectorDeathTest, WrongIdsAreOurBug) {
  IdVector<AppleId, int> apples(1);
  EXPECT_DEATH(static_cast<void>(apples[AppleId(1)]), "check failed");
  EXPECT_DEATH(static_cast<void>(apples[AppleId()]), "check failed");
}

}  // namespace
}  // namespace allot
