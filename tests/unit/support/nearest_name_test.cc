#include "support/nearest_name.h"

#include <gtest/gtest.h>

namespace allot {
namespace {

TEST(NearestName, FindsNearNames) {
  EXPECT_EQ(NearestName("buget", {"budget", "seed"}), "budget");
  EXPECT_EQ(NearestName("x", {"budget", "seed"}), "");
  EXPECT_EQ(NearestName("x", {}), "");
}

TEST(NearestName, DidYouMean) {
  EXPECT_EQ(DidYouMean("buget", {"budget", "seed"}), "; did you mean 'budget'?");
  EXPECT_EQ(DidYouMean("buget", {"budget", "seed"}, ", "), ", did you mean 'budget'?");
  EXPECT_EQ(DidYouMean("x", {"budget", "seed"}), "");
}

}  // namespace
}  // namespace allot
