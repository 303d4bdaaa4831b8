#include "tools/diagnostic_verifier.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace allot {
namespace {

const char* KindOf(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

// Text outside of {{ }} for itself, inside as it is. nullopt: a pattern has no end.
std::optional<std::string> RegexOf(const std::string& text) {
  std::string regex;
  for (size_t at = 0; at < text.size();) {
    const size_t open = std::min(text.find("{{", at), text.size());
    for (; at < open; ++at) {
      if (std::string("\\^$.|?*+()[]{}").find(text[at]) != std::string::npos) regex += '\\';
      regex += text[at];
    }
    if (open == text.size()) break;
    const size_t close = text.find("}}", open + 2);
    if (close == std::string::npos) return std::nullopt;
    absl::StrAppend(&regex, "(", text.substr(open + 2, close - open - 2), ")");
    at = close + 2;
  }
  return regex;
}

// What a comment says.
struct Comment {
  std::string kind, where, text;
  bool is_regex = false;
};

// Reads "expected-KIND[-re] [@WHERE] {{TEXT}}" from the start of `rest` to its end.
std::optional<Comment> ReadComment(absl::string_view rest) {
  Comment comment;
  if (!absl::ConsumePrefix(&rest, "expected-")) return std::nullopt;
  for (const absl::string_view kind : {"error", "note", "remark", "warning"}) {
    if (!absl::ConsumePrefix(&rest, kind)) continue;
    comment.kind = std::string(kind);
    break;
  }
  if (comment.kind.empty()) return std::nullopt;
  comment.is_regex = absl::ConsumePrefix(&rest, "-re");
  const auto skip_spaces = [&rest] {
    while (absl::ConsumePrefix(&rest, " ")) continue;
  };
  skip_spaces();
  if (absl::ConsumePrefix(&rest, "@")) {
    const size_t end = std::min(rest.find_first_of(" {"), rest.size());
    const absl::string_view where = rest.substr(0, end);
    const bool is_offset = where.size() > 1 && (where[0] == '+' || where[0] == '-') &&
                           std::all_of(where.begin() + 1, where.end(),
                                       [](unsigned char c) { return absl::ascii_isdigit(c); });
    if (!is_offset && where != "above" && where != "below" && where != "unknown") {
      return std::nullopt;
    }
    comment.where = std::string(where);
    rest.remove_prefix(end);
  }
  skip_spaces();
  if (!absl::ConsumePrefix(&rest, "{{") || !absl::ConsumeSuffix(&rest, "}}")) return std::nullopt;
  comment.text = std::string(rest);
  return comment;
}

}  // namespace

DiagnosticVerifier::DiagnosticVerifier(const SourceText& source) : source_(source) {
  const absl::string_view text = source.text();
  int64_t number = 1;
  for (size_t start = 0; start < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', start), text.size());
    ReadLine(std::string(text.substr(start, end - start)), number);
    start = end + 1;
  }
}

void DiagnosticVerifier::ReadLine(const std::string& line, int64_t number) {
  std::optional<Comment> comment;
  size_t begin = line.find("expected-");
  while (begin != std::string::npos) {
    comment = ReadComment(absl::string_view(line).substr(begin));
    if (comment.has_value()) break;
    begin = line.find("expected-", begin + 1);
  }
  if (!comment.has_value()) {
    for (const size_t waiting : below_) expectations_[waiting].line = number;
    below_.clear();
    last_plain_line_ = number;
    return;
  }
  Expectation expectation;
  expectation.kind = comment->kind;
  expectation.text = comment->text;
  expectation.line = expectation.comment_line = number;
  expectation.comment_column = begin;
  expectation.source_line = line;
  const std::string& where = comment->where;
  int64_t offset = 0;
  if (where == "above") {
    expectation.line = last_plain_line_;
  } else if (where == "below") {
    below_.push_back(expectations_.size());
  } else if (where == "unknown") {
    expectation.line = 0;
  } else if (!where.empty() && absl::SimpleAtoi(where, &offset)) {
    expectation.line += offset;
  }
  if (comment->is_regex) {
    const std::optional<std::string> regex = RegexOf(expectation.text);
    if (!regex.has_value()) {
      Complain(expectation, "found start of regex with no end '}}'");
      expectation.answered = true;  // one complaint is enough
    } else {
      absl::StatusOr<NamePattern> pattern = NamePattern::Parse(*regex);
      if (pattern.ok()) {
        expectation.pattern = *std::move(pattern);
      } else {
        Complain(expectation, absl::StrCat("invalid regex: ", expectation.text));
        expectation.answered = true;
      }
    }
  }
  expectations_.push_back(std::move(expectation));
}

void DiagnosticVerifier::Complain(const Expectation& about, const std::string& message) {
  absl::StrAppend(&complaints_, source_.name(), ":", about.comment_line, ":",
                  about.comment_column + 1, ": error: ", message, "\n", about.source_line, "\n",
                  std::string(about.comment_column, ' '), "^",
                  std::string(about.text.empty() ? 0 : about.text.size() - 1, '~'), "\n");
}

void DiagnosticVerifier::Observe(const SourceDiagnostic& diagnostic) {
  const std::string kind = KindOf(diagnostic.severity);
  const Expectation* other_kind = nullptr;
  for (Expectation& expectation : expectations_) {
    if (expectation.answered || expectation.line != diagnostic.line) continue;
    const bool says_so = expectation.pattern.has_value()
                             ? expectation.pattern->OccursIn(diagnostic.message)
                             : diagnostic.message.find(expectation.text) != std::string::npos;
    if (!says_so) continue;
    if (expectation.kind == kind) {
      expectation.answered = true;
      return;
    }
    other_kind = &expectation;
  }
  SourceDiagnostic complaint = diagnostic;
  complaint.severity = Severity::kError;
  complaint.message = other_kind != nullptr
                          ? absl::StrCat("'", kind, "' diagnostic emitted when expecting a '",
                                         other_kind->kind, "'")
                          : absl::StrCat("unexpected ", kind, ": ", diagnostic.message);
  complaints_ += ToString(complaint);
}

std::string DiagnosticVerifier::Finish() && {
  for (const Expectation& expectation : expectations_) {
    if (expectation.answered) continue;
    Complain(expectation, absl::StrCat("expected ", expectation.kind, " \"", expectation.text,
                                       "\" was not produced"));
  }
  return std::move(complaints_);
}

}  // namespace allot
