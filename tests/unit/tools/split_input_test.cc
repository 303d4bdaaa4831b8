#include "tools/split_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SplitInputTest, PartsKeepTheRestOfTheMarkersLine) {
  std::vector<std::string> warnings;
  const std::vector<InputChunk> chunks =
      SplitInput("a\nb\n// -----\nc\n// -----\n// -----", "f", kDefaultSplitMarker, warnings);
  ASSERT_EQ(chunks.size(), 4u);
  EXPECT_EQ(chunks[0].text, "a\nb\n");
  EXPECT_EQ(chunks[0].name, "within split at f:1 offset ");
  EXPECT_EQ(chunks[1].text, "\nc\n");
  EXPECT_EQ(chunks[1].name, "within split at f:3 offset ");
  EXPECT_EQ(chunks[2].text, "\n");
  EXPECT_EQ(chunks[3].text, "");
  EXPECT_THAT(warnings, IsEmpty());
}

TEST(SplitInputTest, SlipsAreNotMarkers) {
  std::vector<std::string> warnings;
  EXPECT_EQ(SplitInput("a\n// ----\nb\n// ------\nc // -----\n// -----------------\n", "f",
                       kDefaultSplitMarker, warnings)
                .size(),
            1u);
  EXPECT_THAT(warnings, ElementsAre("f:2:7: warning: near miss with file split marker\n"
                                    "// ----\n      ^",
                                    "f:4:7: warning: near miss with file split marker\n"
                                    "// ------\n      ^"));
}

TEST(SplitInputTest, TheMarkerIsTheUsersChoice) {
  std::vector<std::string> warnings;
  EXPECT_EQ(SplitInput("a\n#\nb\n", "f", "#", warnings).size(), 2u);
  EXPECT_EQ(SplitInput("", "f", "#", warnings).size(), 1u);
}

}  // namespace
}  // namespace allot
