#include "support/diagnostics.h"

#include <gtest/gtest.h>

namespace allot {
namespace {

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

}  // namespace
}  // namespace allot
