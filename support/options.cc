#include "support/options.h"
#include "support/nearest_name.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "support/nesting.h"
#include "support/status.h"

namespace allot {
namespace {

// What a value that consists of quoted pieces, one behind the other, says ("it's "'"so"'), or of
// one pair of braces. Any other is what it is.
std::string Unwrapped(absl::string_view value) {
  if (value.empty()) return "";
  if (value.front() == '{') {
    // The first brace may close before the end.
    Nesting nesting;
    for (size_t i = 0; i + 1 < value.size(); ++i) {
      nesting.Read(value[i]);
      if (nesting.outside()) return std::string(value);
    }
    return std::string(value.substr(1, value.size() - 2));
  }
  std::string text;
  for (absl::string_view rest = value; !rest.empty();) {
    if (rest.front() != '"' && rest.front() != '\'') return std::string(value);
    const size_t end = rest.find(rest.front(), 1);
    if (end == rest.npos) return std::string(value);  // it was opened before the '='
    absl::StrAppend(&text, rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
  }
  return text;
}

// Whether "key=value" without more quotes is that value.
bool ReadsBack(const std::string& value) {
  const absl::StatusOr<std::vector<OptionText>> split = SplitOptions("k=" + value);
  return split.ok() && split->size() == 1 && split->front().value == value;
}

}  // namespace

absl::StatusOr<std::vector<OptionText>> SplitOptions(absl::string_view text) {
  std::vector<OptionText> options;
  size_t i = 0;
  while (i < text.size()) {
    if (absl::ascii_isspace(static_cast<unsigned char>(text[i]))) {
      ++i;
      continue;
    }
    Nesting nesting;
    const size_t start = i;
    for (; i < text.size(); ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (nesting.outside() && absl::ascii_isspace(c)) break;
      nesting.Read(text[i]);
      if (nesting.depth() < 0) break;
    }
    if (!nesting.outside()) {
      return InputError("unbalanced braces or quotes in options '", text, "'");
    }
    const absl::string_view word = text.substr(start, i - start);
    const size_t equal = word.find('=');
    options.push_back({std::string(word.substr(0, equal)),
                       equal == word.npos ? "true" : Unwrapped(word.substr(equal + 1))});
  }
  return options;
}

absl::StatusOr<NameAndOptions> SplitNameAndOptions(absl::string_view text) {
  const size_t brace = text.find('{');
  if (brace == text.npos) return NameAndOptions{text, ""};
  if (text.back() != '}') return InputError("'", text, "' lacks the closing '}'");
  return NameAndOptions{text.substr(0, brace), text.substr(brace + 1, text.size() - brace - 2)};
}

absl::Status ParseOption(absl::string_view text, bool& value) {
  if (text == "true" || text == "1" || text == "on") {
    value = true;
  } else if (text == "false" || text == "0" || text == "off") {
    value = false;
  } else {
    return InputError("'", text, "' is not true or false");
  }
  return absl::OkStatus();
}
absl::Status ParseOption(absl::string_view text, int64_t& value) {
  if (!absl::SimpleAtoi(text, &value)) return InputError("'", text, "' is not an integer");
  return absl::OkStatus();
}
absl::Status ParseOption(absl::string_view text, double& value) {
  if (!absl::SimpleAtod(text, &value) || !std::isfinite(value)) {
    return InputError("'", text, "' is not a finite number");
  }
  return absl::OkStatus();
}
absl::Status ParseOption(absl::string_view text, std::string& value) {
  value = std::string(text);
  return absl::OkStatus();
}
absl::Status ParseOption(absl::string_view text, std::vector<std::string>& value) {
  value.clear();
  if (text.empty()) return absl::OkStatus();
  for (absl::string_view piece : absl::StrSplit(text, ',')) value.emplace_back(piece);
  return absl::OkStatus();
}

std::string PrintOption(bool value) { return value ? "true" : "false"; }
std::string PrintOption(int64_t value) { return absl::StrCat(value); }
std::string PrintOption(double value) {
  char buffer[40];
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end.ptr);
}
std::string PrintOption(const std::string& value) {
  if (ReadsBack(value)) return value;
  // Pieces without the quote around them; most often there is one.
  std::string text;
  for (size_t start = 0; start < value.size();) {
    const char quote = value.find('"', start) == value.npos || value[start] == '\'' ? '"' : '\'';
    const size_t end = std::min(value.find(quote, start), value.size());
    absl::StrAppend(&text, std::string(1, quote), value.substr(start, end - start),
                    std::string(1, quote));
    start = end;
  }
  return text;
}
std::string PrintOption(const std::vector<std::string>& value) {
  return PrintOption(absl::StrJoin(value, ","));
}

absl::Status UnknownOptionError(absl::string_view key, const std::vector<std::string>& known) {
  return InputError("no such option '", key, "'", DidYouMean(key, known),
                    known.empty() ? " (it has no options)"
                                  : absl::StrCat(" (options: ", absl::StrJoin(known, ", "), ")"));
}

absl::Status BadOptionError(absl::string_view key, const absl::Status& why) {
  return InputError("option '", key, "': ", why.message());
}

}  // namespace allot
