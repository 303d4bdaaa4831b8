// Regular expressions over node names: RE2's, which take linear time whatever the pattern.
//
// The syntax is RE2's (https://github.com/google/re2/wiki/Syntax) with two spellings from
// ECMAScript, `\u0041` and `\u{41}`, and without `\C` and `\Q`. A character is a code point of
// UTF-8; a byte that is not part of one is a character by itself, in patterns as in names.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace re2 {
class RE2;
}

namespace allot {

// Copies share what was compiled; any number of threads may match at once.
class NamePattern {
 public:
  // Errors say what is wrong, and with which piece of the pattern. Patterns are limited to 1,000
  // bytes, 1,000 repetitions, also of repetitions within each other, and 8 MiB when compiled.
  static absl::StatusOr<NamePattern> Parse(absl::string_view pattern);

  bool Matches(absl::string_view name) const;
  // Whether a part of the text matches.
  bool OccursIn(absl::string_view text) const;

 private:
  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace allot
