#include "support/diagnostics.h"

#include <gtest/gtest.h>

#include "support/one_line.h"

namespace allot {
namespace {

// Names of models may hold anything, also what moves a terminal's cursor.
TEST(DiagnosticsTest, EachIsOneLine) {
  Diagnostics diagnostics;
  diagnostics.Warning("node 'a\nb'", "names \x1b[2J and \x7f");
  EXPECT_EQ(ToString(diagnostics.all()[0]), "node 'a\\nb': warning: names \\x1b[2J and \\x7f");
  EXPECT_EQ(OneLine(absl::InvalidArgumentError("a\rb")), absl::InvalidArgumentError("a\\x0db"));
  EXPECT_TRUE(OneLine(absl::OkStatus()).ok());
}

TEST(DiagnosticsTest, WhatIsSaidTwiceIsKeptOnce) {
  Diagnostics diagnostics;
  for (int i = 0; i < 2; ++i) {
    diagnostics.Warning("a", "b");
    diagnostics.Note("a", "b");
  }
  EXPECT_EQ(diagnostics.all().size(), 2u);
}

TEST(DiagnosticsTest, NotesAndWarningsAreNoErrors) {
  Diagnostics diagnostics;
  diagnostics.Note("a", "fine");
  diagnostics.Warning("", "odd");
  EXPECT_TRUE(diagnostics.ToStatus().ok());
  EXPECT_EQ(diagnostics.num_errors(), 0);
  EXPECT_EQ(ToString(diagnostics.all()[0]), "a: note: fine");
  EXPECT_EQ(ToString(diagnostics.all()[1]), "warning: odd");
}

TEST(DiagnosticsTest, StatusIsTheFirstErrorAndHowManyFollow) {
  Diagnostics diagnostics;
  diagnostics.Warning("w", "odd");
  diagnostics.Error("f:1:2", "wrong");
  EXPECT_EQ(diagnostics.ToStatus().message(), "f:1:2: wrong");
  diagnostics.Error("f:2:2", "worse");
  EXPECT_EQ(diagnostics.ToStatus().message(), "f:1:2: wrong (and 1 more)");
  EXPECT_EQ(diagnostics.num_errors(), 2);
}

TEST(Diagnostics, ListsAllErrorsThoseThatKnowWhatWasMeantFirst) {
  Diagnostics diagnostics;
  EXPECT_TRUE(diagnostics.ToStatusOfAll().ok());
  diagnostics.Warning("f", "odd");
  diagnostics.Error("f: devices[0]", "'name' is missing");
  diagnostics.Error("f: devices[0]", "unknown key 'nmae'; did you mean 'name'?");
  diagnostics.Error("", "'gpu0' is neither a device nor a switch");
  EXPECT_EQ(diagnostics.ToStatusOfAll().message(),
            "f: devices[0]: unknown key 'nmae'; did you mean 'name'?\n"
            "error: f: devices[0]: 'name' is missing\n"
            "error: 'gpu0' is neither a device nor a switch");
  for (int i = 0; i < 20; ++i) diagnostics.Error("", "more");
  const std::string many(diagnostics.ToStatusOfAll().message());
  EXPECT_EQ(many.substr(many.rfind('\n')), "\nerror: and 11 more") << many;
}

}  // namespace
}  // namespace allot
