#include "target/name_pattern.h"

#include <cstdint>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "re2/re2.h"

#include "support/status.h"
#include "support/utf8.h"

namespace allot {
namespace {

constexpr size_t kMaxLength = 1000;
constexpr int64_t kMaxBytes = 8 << 20;

// To RE2, a byte that is no part of a character is the surrogate U+DC00 + byte, which no text has
// (as in Python, PEP 383).
uint32_t SurrogateOf(char byte) { return 0xdc00 + static_cast<unsigned char>(byte); }

std::string WithSurrogates(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length > 0) {
      out.append(text.data(), length);
    } else {
      const uint32_t code = SurrogateOf(text[0]);
      out += static_cast<char>(0xed);
      out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (code & 0x3f));
    }
    text.remove_prefix(length > 0 ? length : 1);
  }
  return out;
}

bool Match(const re2::RE2& pattern, absl::string_view text, re2::RE2::Anchor anchor) {
  const auto matches = [&](absl::string_view bytes) {
    return pattern.Match({bytes.data(), bytes.size()}, 0, bytes.size(), anchor, nullptr, 0);
  };
  return absl::c_all_of(text, absl::ascii_isascii) ? matches(text) : matches(WithSurrogates(text));
}

// Writes a pattern as RE2 does.
class Translator {
 public:
  explicit Translator(absl::string_view pattern) : pattern_(pattern) {}

  absl::StatusOr<std::string> Translate() {
    while (i_ < pattern_.size()) {
      if (pattern_[i_] == '\\' && i_ + 1 < pattern_.size()) {
        ++i_;
        ALLOT_RETURN_IF_ERROR(TakeEscape());
      } else {
        TakeCharacter();
      }
    }
    return std::move(out_);
  }

 private:
  absl::Status Wrong(absl::string_view what) const {
    return InputError("bad pattern '", pattern_, "': ", what, " at character ", i_ + 1);
  }

  void TakeCharacter() {
    const size_t length = CharacterLength(pattern_.substr(i_));
    if (length > 0) {
      out_.append(pattern_.data() + i_, length);
    } else {
      AppendCode(SurrogateOf(pattern_[i_]));
    }
    i_ += length > 0 ? length : 1;
  }

  // Behind '\', with a character to come.
  absl::Status TakeEscape() {
    const char c = pattern_[i_];
    if (c == 'u') return TakeCode();
    if (c == 'C' || c == 'Q') {  // a byte of a character; quoting, within which '\' is none
      return Wrong(absl::StrCat("unknown escape '\\", absl::string_view(&c, 1), "'"));
    }
    // What is not ASCII never means anything else than itself, and RE2 has no such escapes.
    if (absl::ascii_isascii(static_cast<unsigned char>(c))) out_ += '\\';
    TakeCharacter();
    return absl::OkStatus();
  }

  // At the 'u' of \u0041 or \u{41}.
  absl::Status TakeCode() {
    ++i_;
    const bool braces = i_ < pattern_.size() && pattern_[i_] == '{';
    const size_t start = i_ + (braces ? 1 : 0);
    const size_t end = braces ? pattern_.find('}', start) : start + 4;
    const bool ends = braces ? end != pattern_.npos : end <= pattern_.size();
    const absl::string_view digits = ends ? pattern_.substr(start, end - start) : "";
    uint32_t code = 0;
    const bool read = !digits.empty() && digits.size() <= 6 &&
                      absl::c_all_of(digits, absl::ascii_isxdigit) &&
                      absl::SimpleHexAtoi(digits, &code);
    if (!read) return Wrong("a character is written \\x41, \\u0041 or \\u{41}");
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return Wrong("no character");
    AppendCode(code);
    i_ = end + (braces ? 1 : 0);
    return absl::OkStatus();
  }

  void AppendCode(uint32_t code) { absl::StrAppend(&out_, "\\x{", absl::Hex(code), "}"); }

  absl::string_view pattern_;
  size_t i_ = 0;
  std::string out_;
};

}  // namespace

absl::StatusOr<NamePattern> NamePattern::Parse(absl::string_view pattern) {
  if (pattern.size() > kMaxLength) {
    return InputError("the pattern has ", pattern.size(), " bytes, more than ", kMaxLength);
  }
  ALLOT_ASSIGN_OR_RETURN(const std::string translated, Translator(pattern).Translate());
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kMaxBytes);
  auto compiled = std::make_shared<const re2::RE2>(translated, options);
  if (!compiled->ok()) {
    absl::string_view what = compiled->error();
    // The piece at fault, unless it is all of the pattern.
    if (compiled->error_arg() == translated) {
      absl::ConsumeSuffix(&what, absl::StrCat(": ", translated));
    }
    return InputError("bad pattern '", pattern, "': ", what);
  }
  NamePattern parsed;
  parsed.compiled_ = std::move(compiled);
  return parsed;
}

bool NamePattern::Matches(absl::string_view name) const {
  return Match(*compiled_, name, re2::RE2::ANCHOR_BOTH);
}

bool NamePattern::OccursIn(absl::string_view text) const {
  return Match(*compiled_, text, re2::RE2::UNANCHORED);
}

}  // namespace allot
