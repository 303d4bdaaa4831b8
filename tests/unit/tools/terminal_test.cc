#include "tools/terminal.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"

#include "tools/progress_line.h"

namespace allot {
namespace {

std::string WithoutEscapes(std::string text) {
  for (size_t begin; (begin = text.find('\033')) != std::string::npos;) {
    text.erase(begin, text.find('m', begin) - begin + 1);
  }
  return text;
}

TEST(TerminalTest, ColoursTheLabelOfAMessage) {
  EXPECT_EQ(ColourMessage("a.onnx: warning: error: is a word", true),
            "a.onnx: \033[33mwarning:\033[0m error: is a word");
  EXPECT_EQ(ColourMessage("error: no such file", true), "\033[1;31merror:\033[0m no such file");
  EXPECT_EQ(ColourMessage("error: no such file", false), "error: no such file");
  EXPECT_EQ(ColourMessage("no label", true), "no label");
}

TEST(TerminalTest, ColoursAReportAndLeavesItsText) {
  const std::string report =
      "m.onnx: 3 nodes\n\nvalue               1.0000 ms\ngap                 0.00 %, proved "
      "optimal\n\nsplitting does not pay: so\n\ndevice  parts\ncpu0        1\n";
  const std::string coloured = ColourReport(report, true);
  EXPECT_EQ(WithoutEscapes(coloured), report);
  EXPECT_THAT(coloured, testing::HasSubstr("value               \033[1m1.0000 ms\033[0m\n"));
  EXPECT_THAT(coloured, testing::HasSubstr("0.00 %, \033[32mproved optimal\033[0m\n"));
  EXPECT_THAT(coloured, testing::HasSubstr("\033[33msplitting does not pay: so\033[0m\n"));
  EXPECT_THAT(coloured, testing::HasSubstr("\ncpu0        1\n"));
  EXPECT_EQ(ColourReport(report, false), report);
}

TEST(TerminalTest, ObeysTheFlagBeforeAllElse) {
  std::FILE* const file = std::tmpfile();
  EXPECT_FALSE(HasColour(file));  // no terminal
  setenv("NO_COLOR", "1", 1);
  SetColour(ColourWhen::kAlways);
  EXPECT_TRUE(HasColour(file));
  SetColour(ColourWhen::kNever);
  EXPECT_FALSE(HasColour(file));
  SetColour(ColourWhen::kAuto);
  unsetenv("NO_COLOR");
  std::fclose(file);
}

TEST(ProgressTest, SaysWhatIsKnown) {
  constexpr Picos kMs = 1'000'000'000;
  EXPECT_EQ(ProgressText("[6/9] place", 0, 0, 0.25, 80), "[6/9] place  0.2 s");
  EXPECT_EQ(ProgressText("[6/9] place", 4 * kMs, 0, 3, 80), "[6/9] place  best 4.0000 ms  3.0 s");
  EXPECT_EQ(ProgressText("[7/9] refine", 4 * kMs, 3 * kMs, 12.34, 80),
            "[7/9] refine  best 4.0000 ms  bound 3.0000 ms  gap 25.0 %  12.3 s");
  // A bound of another stage may be above the value.
  EXPECT_THAT(ProgressText("x", kMs, 2 * kMs, 1, 80), testing::HasSubstr("gap 0.0 %"));
}

TEST(ProgressTest, FitsIntoALine) {
  const auto text = [](int width) {
    return ProgressText("[7/9] refine", 4'000'000'000, 3'000'000'000, 1, width);
  };
  EXPECT_EQ(text(40), "[7/9] refine  best 4.0000 ms  1.0 s");
  EXPECT_EQ(text(30), "[7/9] refine  1.0 s");
  EXPECT_EQ(text(13), "[7/9]  1.0 s");
  for (int width = 0; width < 90; ++width) {
    EXPECT_LT(static_cast<int>(text(width).size()), std::max(width, 1));
  }
}

}  // namespace
}  // namespace allot
