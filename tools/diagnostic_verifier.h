// --verify-diagnostics: the input says in comments what is to be reported about it.
//
//   // expected-error@+1 {{no element type}}     the next line; also @-2, @above, @below, @unknown
//   ... // expected-warning {{grows}}            this line
//   // expected-note-re@below {{{{[0-9]+}} rows}}   regular expressions in double braces,
//                                                 of the syntax of name_pattern.h
//
// A diagnostic answers an expectation if line and severity agree and the text occurs in it. Each
// diagnostic must be expected, and each expectation be answered, once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "target/name_pattern.h"
#include "tools/source_diagnostic.h"

namespace allot {

class DiagnosticVerifier {
 public:
  // `source` must outlive this.
  explicit DiagnosticVerifier(const SourceText& source);

  void Observe(const SourceDiagnostic& diagnostic);
  // All complaints, in the form in which mlir-opt prints them; empty: all is as expected.
  std::string Finish() &&;

 private:
  struct Expectation {
    std::string kind;  // error, warning, remark, note
    int64_t line = 0;  // of the diagnostic; 0: it has no place
    std::string text;
    std::optional<NamePattern> pattern;  // in place of `text`
    int64_t comment_line = 0;
    size_t comment_column = 0;  // from 0
    std::string source_line;
    bool answered = false;
  };
  void ReadLine(const std::string& line, int64_t number);
  void Complain(const Expectation& about, const std::string& message);

  const SourceText& source_;
  std::vector<Expectation> expectations_;
  std::vector<size_t> below_;  // those that wait for the next line without an expectation
  int64_t last_plain_line_ = 0;
  std::string complaints_;
};

}  // namespace allot
