#include "support/child_output.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using ::std::chrono::milliseconds;
using ::std::chrono::seconds;
using ::std::chrono::steady_clock;

std::optional<std::string> Shell(const std::string& script, milliseconds limit = seconds(60)) {
  return ChildOutput("/bin/sh", {"-c", script}, limit);
}

TEST(ChildOutput, IsWhatTheProgramWroteToStandardOutput) {
  EXPECT_EQ(Shell("printf 'a\\nb'; echo c >&2"), "a\nb");
  EXPECT_EQ(Shell(":"), "");
  EXPECT_EQ(Shell("cat; echo end"), "end\n");  // no input
  EXPECT_EQ(Shell("head -c 100000 /dev/zero")->size(), 100'000u);
}

TEST(ChildOutput, IsNothingIfTheProgramFails) {
  EXPECT_EQ(ChildOutput("/no/such/program", {}, seconds(60)), std::nullopt);
  EXPECT_EQ(ChildOutput("/", {}, seconds(60)), std::nullopt);
  EXPECT_EQ(Shell("echo text; exit 3"), std::nullopt);
  EXPECT_EQ(Shell("echo text; kill -9 $$"), std::nullopt);
  EXPECT_EQ(Shell("cat /dev/zero"), std::nullopt);  // too much
}

TEST(ChildOutput, DoesNotWaitBeyondItsLimit) {
  const auto start = steady_clock::now();
  EXPECT_EQ(Shell("sleep 1000", milliseconds(50)), std::nullopt);
  EXPECT_EQ(Shell("sleep 1000 & echo text", milliseconds(50)), std::nullopt);  // a grandchild
  EXPECT_EQ(Shell("exec >&-; sleep 1000", milliseconds(50)), std::nullopt);
  EXPECT_EQ(Shell("trap '' TERM; sleep 1000", milliseconds(50)), std::nullopt);
  EXPECT_LT(steady_clock::now() - start, seconds(100));
}

}  // namespace
}  // namespace allot
