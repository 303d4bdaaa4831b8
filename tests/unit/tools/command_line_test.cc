#include "tools/command_line.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Values {
  std::string color = "red";
  int64_t count = 1;
  double seconds = 0;
  bool fast = false;
};

// The values after parsing, or the error.
absl::Status Parse(std::vector<const char*> arguments, Values& values,
                   std::vector<std::string>* positional = nullptr) {
  arguments.insert(arguments.begin(), "program");
  CommandLine line("program", "FILE", "does things");
  line.Choice("color", {"red", "green"}, &values.color, "of it");
  line.Integer("count", "N", 1, 8, &values.count, "how many");
  line.Number("seconds", "S", &values.seconds, "how long");
  line.Flag("fast", &values.fast, "or not");
  const absl::Status status = line.Parse(static_cast<int>(arguments.size()), arguments.data());
  if (positional != nullptr) *positional = line.positional();
  return status;
}

TEST(CommandLine, ReadsValuesInAnyPlace) {
  Values values;
  std::vector<std::string> positional;
  ASSERT_TRUE(
      Parse({"a", "--color=green", "-count", "8", "b", "--seconds=1.5", "--fast", "--", "--c"},
            values, &positional)
          .ok());
  EXPECT_EQ(values.color, "green");
  EXPECT_EQ(values.count, 8);
  EXPECT_EQ(values.seconds, 1.5);
  EXPECT_TRUE(values.fast);
  EXPECT_THAT(positional, ElementsAre("a", "b", "--c"));
}

TEST(CommandLine, SaysWhatItExpects) {
  const auto complaint = [](const char* argument) {
    Values values;
    return std::string(Parse({argument}, values).message());
  };
  EXPECT_EQ(complaint("--color=gren"),
            "--color: expected red or green, not 'gren'; did you mean 'green'?");
  EXPECT_EQ(complaint("--count=0"), "--count: expected 1 to 8, not '0'");
  EXPECT_EQ(complaint("--count=9"), "--count: expected 1 to 8, not '9'");
  EXPECT_THAT(complaint("--count=x"), HasSubstr("--count: "));
  EXPECT_EQ(complaint("--seconds=-1"), "--seconds: expected a non-negative number, not '-1'");
  EXPECT_THAT(complaint("--seconds=nan"), HasSubstr("--seconds: "));
  EXPECT_THAT(complaint("--colour=red"), HasSubstr("did you mean '--color'?"));
  EXPECT_EQ(complaint("--count"), "--count needs a value: --count=N");
}

TEST(CommandLine, GivenWithoutAValueIsAnError) {
  std::string folder = "before";
  std::vector<std::string> pins;
  const auto complaint = [&](std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "program");
    CommandLine line("program", "FILE", "does things");
    line.Value("o", "DIR", &folder, "where");
    line.List("pin", "REGEX=DEVICE", &pins, "which");
    const absl::Status status = line.Parse(static_cast<int>(arguments.size()), arguments.data());
    return std::string(status.message());
  };
  EXPECT_EQ(complaint({"-o", ""}), "-o: is given without a value; expected DIR");
  EXPECT_EQ(complaint({"--pin="}), "--pin: is given without a value; expected REGEX=DEVICE");
  EXPECT_EQ(folder, "before");
  EXPECT_EQ(complaint({"-o", "out"}), "");
  EXPECT_EQ(folder, "out");
}

TEST(CommandLine, HelpShowsTheChoices) {
  std::string color;
  CommandLine line("program", "FILE", "does things");
  line.Choice("color", {"red", "green"}, &color, "of it");
  EXPECT_THAT(line.Help(), HasSubstr("--color=red|green"));
}

}  // namespace
}  // namespace allot
