#include "tools/diagnostic_verifier.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

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
  const size_t begin = line.find("expected-");
  std::smatch match;
  std::string comment;
  // No comment is so long, and std::regex recurses over what it reads.
  constexpr size_t kLongest = 4096;
  bool expects = begin != std::string::npos && line.size() - begin <= kLongest;
  if (expects) {
    comment = line.substr(begin);
    const std::regex form(
        "expected-(error|note|remark|warning)(-re)? *"
        "(@([+-][0-9]+|above|below|unknown))? *\\{\\{(.*)\\}\\}$");
    expects = std::regex_search(comment, match, form);
  }
  if (!expects) {
    for (const size_t waiting : below_) expectations_[waiting].line = number;
    below_.clear();
    last_plain_line_ = number;
    return;
  }
  Expectation expectation;
  expectation.kind = match[1];
  expectation.text = match[5];
  expectation.line = expectation.comment_line = number;
  expectation.comment_column = begin + static_cast<size_t>(match.position());
  expectation.source_line = line;
  const std::string where = match[4];
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
  if (match[2].matched) {
    const std::optional<std::string> regex = RegexOf(expectation.text);
    if (!regex.has_value()) {
      Complain(expectation, "found start of regex with no end '}}'");
      expectation.answered = true;  // one complaint is enough
    } else {
      // std::regex reports a bad pattern by throwing; nothing of it leaves here.
      try {
        expectation.pattern = std::regex(*regex, std::regex::extended);
      } catch (const std::regex_error&) {
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
                             ? std::regex_search(diagnostic.message, *expectation.pattern)
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
