#include "tools/manual.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/version.h"

namespace allot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Page() {
  bool flag = false;
  std::string value;
  CommandLine line("allot try", "FILE [--x]", "tries things,\nand more");
  line.Section("First \"things\"");
  line.Flag("flag", &flag, ".starts with a dot and has a \\ in it");
  line.OptionalValue("limit", "TIME", "0", &value, "how long,\nat most");
  line.Value("o", "DIR", &value, "where");
  line.Example("allot try a-b.onnx", "tries a-b");
  return Manual(line, {{"run", "run it"}});
}

TEST(ManualTest, HasTheProgramItsFlagsAndItsWords) {
  const std::string page = Page();
  EXPECT_THAT(page,
              HasSubstr(std::string(".TH \"ALLOT\\-TRY\" 1 \"\" \"Allot ") + kVersion + "\""));
  EXPECT_THAT(page, HasSubstr("\nallot\\-try \\- tries things, and more\n"));
  EXPECT_THAT(page, HasSubstr("\n\\fBallot try\\fR FILE [\\-\\-x]\n"));
  EXPECT_THAT(page, HasSubstr("\n\\fBrun\\fR\nrun it\n"));
  EXPECT_THAT(page, HasSubstr("\n\\fB\\-\\-limit\\fR[=\\fITIME\\fR]\nhow long, at most\n"));
  EXPECT_THAT(page, HasSubstr("\n\\fB\\-o\\fR \\fIDIR\\fR\nwhere\n"));
  EXPECT_THAT(page, HasSubstr("\\-\\-print\\-manual"));
  EXPECT_THAT(page, HasSubstr("\n\\fBallot try a\\-b.onnx\\fR\ntries a\\-b\n"));
  EXPECT_THAT(page, HasSubstr(".BR allot\\-opt (1),\n"));
}

// Nothing of a text is taken for a request or a command of roff.
TEST(ManualTest, KeepsTextsAsTheyAre) {
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr("\n\\&.starts with a dot and has a \\e in it\n"));
  EXPECT_THAT(page, HasSubstr(".SS \"First \\(dqthings\\(dq\"\n"));
}

TEST(ManualTest, LeavesOutWhatThereIsNot) {
  const CommandLine line("allot", "MODEL", "places");
  const std::string page = Manual(line, {});
  EXPECT_THAT(page, Not(HasSubstr(".SH COMMANDS")));
  EXPECT_THAT(page, Not(HasSubstr(".SH EXAMPLES")));
  EXPECT_THAT(page, Not(HasSubstr(".BR allot (1)")));
}

}  // namespace
}  // namespace allot
