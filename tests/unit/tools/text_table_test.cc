#include "tools/text_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using ::testing::ElementsAre;

TEST(FoldAlikeTest, FourOrMoreThatDifferInTheirNamesAreOne) {
  EXPECT_THAT(FoldAlike({{"device", "load"},
                         {"cpu0", "1"},
                         {"gpu0", "2"},
                         {"gpu1", "2"},
                         {"gpu2", "2"},
                         {"gpu3", "2"},
                         {"gpu4", "3"}}),
              ElementsAre(ElementsAre("device", "load"), ElementsAre("cpu0", "1"),
                          ElementsAre("gpu0 to gpu3", "2"), ElementsAre("gpu4", "3")));
  EXPECT_THAT(FoldAlike({{"a", "1"}, {"b", "1"}, {"c", "1"}}),
              ElementsAre(ElementsAre("a", "1"), ElementsAre("b", "1"), ElementsAre("c", "1")));
  EXPECT_TRUE(FoldAlike({}).empty());
}

}  // namespace
}  // namespace allot
