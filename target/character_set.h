// Characters of UTF-8 text, and sets of them.
#pragma once

#include <bitset>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace allot {

// A code point, or kStrayByte + byte for a byte that is not part of one.
using Character = uint32_t;
inline constexpr Character kStrayByte = 0x110000;
inline constexpr Character kLastCharacter = kStrayByte + 0xff;

// Takes the first character off `text`, which is not empty. Overlong forms and surrogates are no
// characters.
Character TakeCharacter(absl::string_view& text);

class CharacterSet {
 public:
  CharacterSet() = default;
  // All from `first` to `last`.
  CharacterSet(Character first, Character last);

  void Add(const CharacterSet& other);
  CharacterSet Complement() const;
  bool Contains(Character character) const {
    return character < kAscii ? ascii_[character] : ContainsBeyondAscii(character);
  }
  // The one character that is in it; -1 if there are more or none.
  int64_t Only() const;

 private:
  static constexpr Character kAscii = 128;
  bool ContainsBeyondAscii(Character character) const;
  void FillAscii();

  std::vector<std::pair<Character, Character>> ranges_;  // ascending, with gaps between them
  std::bitset<kAscii> ascii_;
};

}  // namespace allot
