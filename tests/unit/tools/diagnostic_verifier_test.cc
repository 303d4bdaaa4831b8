#include "tools/diagnostic_verifier.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using ::testing::HasSubstr;

SourceDiagnostic At(int64_t line, Severity severity, std::string message) {
  SourceDiagnostic diagnostic;
  diagnostic.file = "in.mlir";
  diagnostic.severity = severity;
  diagnostic.line = line;
  diagnostic.column = line == 0 ? 0 : 3;
  diagnostic.message = std::move(message);
  return diagnostic;
}

// What is complained of when `diagnostics` come while `text` is processed.
std::string Verify(const std::string& text, const std::vector<SourceDiagnostic>& diagnostics) {
  const SourceText source("in.mlir", text);
  DiagnosticVerifier verifier(source);
  for (const SourceDiagnostic& diagnostic : diagnostics) verifier.Observe(diagnostic);
  return std::move(verifier).Finish();
}

TEST(DiagnosticVerifierTest, EveryWayToNameALine) {
  EXPECT_EQ(Verify("// expected-error@+1 {{bad type}}\n"
                   "op // expected-warning {{grows}}\n"
                   "// expected-note@-1 {{seen here}}\n"
                   "op\n"
                   "// expected-note @above {{again}}\n"
                   "// expected-error @below {{first}}\n"
                   "// expected-error @below {{second}}\n"
                   "op\n"
                   "// expected-warning @unknown {{somewhere}}\n",
                   {At(2, Severity::kError, "a bad type"), At(2, Severity::kWarning, "it grows"),
                    At(2, Severity::kNote, "seen here"), At(4, Severity::kNote, "and again"),
                    At(8, Severity::kError, "the second"), At(8, Severity::kError, "the first"),
                    At(0, Severity::kWarning, "somewhere else")}),
            "");
}

TEST(DiagnosticVerifierTest, ReportsWhatIsUnexpectedAndWhatIsMissing) {
  EXPECT_EQ(Verify("  // expected-error@+1 {{bad}}\nop\n", {At(1, Severity::kError, "bad")}),
            "in.mlir:1:3: error: unexpected error: bad\n"
            "in.mlir:1:6: error: expected error \"bad\" was not produced\n"
            "  // expected-error@+1 {{bad}}\n"
            "     ^~~\n");
  EXPECT_EQ(Verify("// expected-error@+1 {{bad}}\nop\n", {At(2, Severity::kWarning, "bad")}),
            "in.mlir:2:3: error: 'warning' diagnostic emitted when expecting a 'error'\n"
            "in.mlir:1:4: error: expected error \"bad\" was not produced\n"
            "// expected-error@+1 {{bad}}\n"
            "   ^~~\n");
  // Each expectation is answered once.
  EXPECT_EQ(Verify("op // expected-error {{bad}}",
                   {At(1, Severity::kError, "bad"), At(1, Severity::kError, "bad")}),
            "in.mlir:1:3: error: unexpected error: bad\n");
}

TEST(DiagnosticVerifierTest, RegularExpressions) {
  const std::string text = "op // expected-error-re {{has {{[0-9]+}} (of 4) bytes}}";
  EXPECT_EQ(Verify(text, {At(1, Severity::kError, "it has 12 (of 4) bytes")}), "");
  EXPECT_THAT(Verify(text, {At(1, Severity::kError, "it has no (of 4) bytes")}),
              HasSubstr("unexpected error"));
  EXPECT_THAT(Verify("op // expected-error-re {{a{{[}}}}", {}), HasSubstr("invalid regex"));
  EXPECT_THAT(Verify("op // expected-error-re {{a{{}}", {}),
              HasSubstr("found start of regex with no end '}}'"));
}

TEST(DiagnosticVerifierTest, LongTextsAndHardPatterns) {
  const std::string text = "// expected-error-re@+1 {{{{(a|b)*}}zzz}}\nop\n";
  for (const size_t length : {size_t{1000}, size_t{1'000'000}}) {
    const std::string message(length, 'a');
    EXPECT_THAT(Verify(text, {At(2, Severity::kError, message)}), HasSubstr("unexpected error"));
    EXPECT_EQ(Verify(text, {At(2, Severity::kError, message + "zzz")}), "");
  }
  const std::string long_text(1'000'000, 'x');
  EXPECT_EQ(Verify("op // expected-error {{" + long_text + "}}",
                   {At(1, Severity::kError, "an " + long_text)}),
            "");
}

TEST(DiagnosticVerifierTest, OtherCommentsAreNone) {
  EXPECT_EQ(
      Verify("// expected-foo {{x}}\n// expected-error x\n// an expected-error {{x}} here\n", {}),
      "");
}

}  // namespace
}  // namespace allot
