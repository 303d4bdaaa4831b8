#include "target/cpu_list.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(CpuList, ReadsNumbersAndRanges) {
  EXPECT_THAT(ParseCpuList("0").value(), ElementsAre(0));
  EXPECT_THAT(ParseCpuList("0-2,5,7-8\n").value(), ElementsAre(0, 1, 2, 5, 7, 8));
  EXPECT_THAT(ParseCpuList("3-3").value(), ElementsAre(3));
  EXPECT_THAT(ParseCpuList("").value(), IsEmpty());
  EXPECT_THAT(ParseCpuList("\n").value(), IsEmpty());
  EXPECT_EQ(ParseCpuList("0-8191").value().size(), 8192u);
}

TEST(CpuList, PrintsTheShortestText) {
  for (const char* text : {"", "0", "0-1", "0-3,8", "1,3,5-4095"}) {
    EXPECT_EQ(PrintCpuList(ParseCpuList(text).value()), text);
  }
  EXPECT_EQ(PrintCpuList(ParseCpuList("0,1,2,3-3").value()), "0-3");
}

TEST(CpuList, EveryMistakeIsSaid) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"a", "cannot read 'a'; a list of cores is written like '0-3,8'"},
      {"0,,1", "cannot read ''"},
      {"0,", "cannot read ''"},
      {"-1", "cannot read '-1'"},
      {"+1", "cannot read '+1'"},
      {" 1", "cannot read ' 1'"},
      {"1-", "cannot read '1-'"},
      {"1-2-3", "cannot read '1-2-3'"},
      {"99999999999", "cannot read '99999999999'"},
      {"3-1", "the range '3-1' ends before it starts"},
      {"8192", "'8192': there is no core above 8191"},
      {"0-2000000000", "'0-2000000000': there is no core above 8191"},
      {"1,0", "'0' does not lie above core 1; cores must ascend, each once"},
      {"0-3,3-4", "'3-4' does not lie above core 3"},
  };
  for (const auto& wrong : cases) {
    const auto parsed = ParseCpuList(wrong.text);
    ASSERT_FALSE(parsed.ok()) << wrong.text;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(wrong.message));
  }
}

}  // namespace
}  // namespace allot
