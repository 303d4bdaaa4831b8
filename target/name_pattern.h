// Regular expressions over node names, matched against the whole name in time linear in its
// length (Thompson's simulation of the automaton; K. Thompson, CACM 1968), whatever the pattern.
//
// The syntax is the part of ECMAScript's that is regular: literals, `.`, classes `[a-z]` `[^/]`
// `[[:digit:]]`, `\d \w \s \D \W \S`, `\x41 \u0041 \u{41}` and other escapes, groups `( )` and `(?:
// )`, `|`, and `* + ? {m} {m,} {m,n}`, also in their lazy forms. `^` and `$` stand for the ends.
// There are no back references and no look-around. A character is a code point of UTF-8; a byte
// that is not part of one is a character by itself.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "target/character_set.h"

namespace allot {

class NamePattern {
 public:
  // Errors say what is wrong at which character. Patterns are limited to 1,000 characters, 20,000
  // states and groups nested 50 deep.
  static absl::StatusOr<NamePattern> Parse(absl::string_view pattern);

  bool Matches(absl::string_view name) const;
  // Whether a part of the text matches.
  bool OccursIn(absl::string_view text) const;

 private:
  friend class NamePatternCompiler;
  struct Instruction {
    enum class Kind { kSet, kSplit, kJump, kBegin, kEnd, kMatch };
    Kind kind = Kind::kMatch;
    int32_t set = -1;              // kSet: index into sets_
    int32_t next = -1, also = -1;  // also: of kSplit
  };
  bool Run(absl::string_view name, bool anywhere) const;

  std::vector<CharacterSet> sets_;
  std::vector<Instruction> program_;
};

}  // namespace allot
