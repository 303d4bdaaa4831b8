#include "ir/text/text_reader.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "ir/text/syntax.h"
#include "support/status.h"

namespace allot::ir::text {
namespace {

// Longer lines are cut in messages: a blob of weights is one line.
constexpr size_t kMaxLine = 160;

bool IsWordByte(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '$' || c == '.'; }

}  // namespace

absl::Status ErrorAt(absl::string_view text, absl::string_view file_name, size_t offset,
                     absl::string_view message) {
  offset = std::min(offset, text.size());
  const absl::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t newline = before.rfind('\n');
  const size_t start = newline == before.npos ? 0 : newline + 1;
  const size_t column = offset - start;
  absl::string_view shown = text.substr(start);
  shown = shown.substr(0, shown.find('\n'));
  // The window of a long line that holds the place.
  const size_t skipped =
      column > kMaxLine / 2 && shown.size() > kMaxLine ? column - kMaxLine / 2 : 0;
  shown = shown.substr(skipped, kMaxLine);
  std::string caret;
  for (const char c : shown.substr(0, column - skipped)) caret += c == '\t' ? '\t' : ' ';
  return absl::InvalidArgumentError(absl::StrCat(file_name, ":", line, ":", column + 1, ": ",
                                                 message, "\n", shown, "\n", caret, "^"));
}

absl::Status TextReader::Error(size_t offset, absl::string_view message) const {
  return ErrorAt(text_, file_name_, offset, message);
}

void TextReader::SkipSpace() {
  while (at_ < text_.size()) {
    if (absl::ascii_isspace(static_cast<unsigned char>(text_[at_]))) {
      ++at_;
    } else if (absl::StartsWith(text_.substr(at_), "//")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      return;
    }
  }
}

size_t TextReader::Position() {
  SkipSpace();
  return at_;
}

bool TextReader::Next(absl::string_view token) {
  const absl::string_view rest = text_.substr(Position());
  if (!absl::StartsWith(rest, token)) return false;
  const bool word = IsWordByte(token.back()) && token.back() != '.';
  return !word || rest.size() == token.size() || !IsWordByte(rest[token.size()]);
}

bool TextReader::Consume(absl::string_view token) {
  if (!Next(token)) return false;
  at_ += token.size();
  return true;
}

bool TextReader::ConsumeAdjacent(absl::string_view token) {
  if (!absl::StartsWith(text_.substr(at_), token)) return false;
  at_ += token.size();
  return true;
}

absl::Status TextReader::Expect(absl::string_view token) {
  if (Consume(token)) return absl::OkStatus();
  return ErrorHere(absl::StrCat("expected '", token, "'"));
}

absl::string_view TextReader::TakeWord() {
  const size_t start = Position();
  if (start == text_.size() || !(absl::ascii_isalpha(text_[start]) || text_[start] == '_')) {
    return {};
  }
  while (at_ < text_.size() && IsWordByte(text_[at_])) ++at_;
  return text_.substr(start, at_ - start);
}

absl::StatusOr<std::string> TextReader::ReadSuffix(absl::string_view what) {
  const size_t start = at_;
  while (at_ < text_.size() && (IsWordByte(text_[at_]) || text_[at_] == '-')) ++at_;
  if (at_ == start) return Error(start, absl::StrCat("expected ", what));
  return std::string(text_.substr(start, at_ - start));
}

absl::StatusOr<int64_t> TextReader::ReadDigits() {
  const size_t start = at_;
  while (at_ < text_.size() && absl::ascii_isdigit(text_[at_])) ++at_;
  if (at_ == start) return -1;
  int64_t value = 0;
  const std::from_chars_result end =
      std::from_chars(text_.data() + start, text_.data() + at_, value);
  if (end.ec != std::errc()) return Error(start, "number is too large");
  return value;
}

absl::StatusOr<std::string> TextReader::ReadString() {
  const size_t start = Position();
  ALLOT_RETURN_IF_ERROR(Expect("\""));
  std::string value;
  while (at_ < text_.size()) {
    // Up to the next byte that means something else.
    const size_t end = std::min(text_.find_first_of("\"\\\n", at_), text_.size());
    value.append(text_.data() + at_, end - at_);
    at_ = end;
    if (at_ == text_.size() || text_[at_] == '\n') break;
    if (text_[at_] == '"') {
      ++at_;
      return value;
    }
    const absl::string_view escape = text_.substr(at_ + 1, 2);
    constexpr absl::string_view kPlain = "\"\\nt";
    const size_t plain = escape.empty() ? kPlain.npos : kPlain.find(escape[0]);
    if (plain != kPlain.npos) {
      value += absl::string_view("\"\\\n\t")[plain];
      at_ += 2;
      continue;
    }
    const std::optional<std::string> byte = escape.size() == 2 ? BytesOfHex(escape) : std::nullopt;
    if (!byte.has_value()) return Error(at_, "unknown escape in string");
    value += *byte;
    at_ += 3;
  }
  return Error(start, "string has no end on its line");
}

absl::StatusOr<absl::string_view> TextReader::TakeBalanced(
    absl::string_view what, absl::FunctionRef<bool(absl::string_view)> ends) {
  const size_t start = Position();
  const absl::string_view rest = text_.substr(start);
  constexpr absl::string_view kOpening = "([{<", kClosing = ")]}>";
  std::string open;  // what closes the brackets that are open
  size_t at = 0;
  for (; at < rest.size(); ++at) {
    const absl::string_view next = rest.substr(at);
    if (open.empty() && ends(next)) break;
    if (next[0] == '"') {
      for (++at; at < rest.size() && rest[at] != '"' && rest[at] != '\n'; ++at) {
        if (rest[at] == '\\') ++at;
      }
      if (at >= rest.size() || rest[at] != '"')
        return Error(start, "string has no end on its line");
    } else if (absl::StartsWith(next, "//")) {
      while (at + 1 < rest.size() && rest[at + 1] != '\n') ++at;
    } else if (absl::StartsWith(next, "->") || absl::StartsWith(next, ">=") ||
               absl::StartsWith(next, "<=")) {
      ++at;  // an arrow; in sets of integers a comparison
    } else if (const size_t kind = kOpening.find(next[0]); kind != kOpening.npos) {
      if (open.size() >= size_t{kMaxNesting}) return Error(start, "nested too deeply");
      open += kClosing[kind];
    } else if (kClosing.find(next[0]) != kClosing.npos) {
      if (open.empty()) break;
      if (open.back() != next[0]) {
        return Error(start + at, absl::StrCat("unexpected '", next.substr(0, 1), "'"));
      }
      open.pop_back();
    }
  }
  if (at == 0 || !open.empty()) return Error(start, absl::StrCat("expected ", what));
  at_ = start + at;
  return rest.substr(0, at);
}

bool TextReader::AtNumber() {
  const absl::string_view rest = Rest();
  if (rest.empty()) return false;
  const size_t sign = rest[0] == '-' ? 1 : 0;
  return rest.size() > sign && absl::ascii_isdigit(rest[sign]);
}

absl::StatusOr<TextReader::Number> TextReader::ReadNumber() {
  Number number;
  number.offset = Position();
  if (!AtNumber()) return ErrorHere("expected a number");
  const auto skip_digits = [&](bool hexadecimal) {
    while (at_ < text_.size() &&
           (hexadecimal ? absl::ascii_isxdigit(text_[at_]) : absl::ascii_isdigit(text_[at_]))) {
      ++at_;
    }
  };
  ConsumeAdjacent("-");
  const absl::string_view rest = text_.substr(at_);
  if (rest.size() > 2 && rest[0] == '0' && rest[1] == 'x' && absl::ascii_isxdigit(rest[2])) {
    number.hexadecimal = true;
    at_ += 2;
    skip_digits(true);
  } else {
    skip_digits(false);
    if (ConsumeAdjacent(".")) {
      number.floating = true;
      skip_digits(false);
      const size_t exponent = at_;
      if (ConsumeAdjacent("e") || ConsumeAdjacent("E")) {
        if (!ConsumeAdjacent("+")) ConsumeAdjacent("-");
        const size_t digits = at_;
        skip_digits(false);
        if (at_ == digits) at_ = exponent;
      }
    }
  }
  number.spelling = text_.substr(number.offset, at_ - number.offset);
  return number;
}

absl::StatusOr<int64_t> IntegerOf(const TextReader& reader, const TextReader::Number& number) {
  if (number.floating) return reader.Error(number.offset, "expected an integer");
  absl::string_view digits = number.spelling;
  const bool negative = digits[0] == '-';
  if (negative) digits.remove_prefix(1);
  if (number.hexadecimal) digits.remove_prefix(2);
  uint64_t magnitude = 0;
  const std::from_chars_result end = std::from_chars(digits.data(), digits.data() + digits.size(),
                                                     magnitude, number.hexadecimal ? 16 : 10);
  constexpr uint64_t kTop = uint64_t{1} << 63;
  const uint64_t most = negative ? kTop : number.hexadecimal ? ~uint64_t{0} : kTop - 1;
  if (end.ec != std::errc() || magnitude > most) {
    return reader.Error(number.offset, "integer does not fit 64 bits");
  }
  return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

absl::StatusOr<float> FloatOf(const TextReader& reader, const TextReader::Number& number) {
  if (number.hexadecimal) {
    uint32_t bits = 0;
    const absl::string_view digits = number.spelling.substr(2);
    const std::from_chars_result end =
        std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
    if (number.spelling[0] == '-' || end.ec != std::errc()) {
      return reader.Error(number.offset, "expected the 32 bits of a float");
    }
    return std::bit_cast<float>(bits);
  }
  float value = 0;
  const absl::string_view spelling = number.spelling;
  const std::from_chars_result end =
      std::from_chars(spelling.data(), spelling.data() + spelling.size(), value);
  if (end.ec != std::errc()) return reader.Error(number.offset, "number does not fit a float");
  return value;
}

absl::StatusOr<double> DoubleOf(const TextReader& reader, const TextReader::Number& number) {
  double value = 0;
  const absl::string_view spelling = number.spelling;
  const std::from_chars_result end =
      std::from_chars(spelling.data(), spelling.data() + spelling.size(), value);
  if (end.ec != std::errc()) return reader.Error(number.offset, "number does not fit a double");
  return value;
}

}  // namespace allot::ir::text
