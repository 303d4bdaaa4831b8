#include "target/character_set.h"

#include <algorithm>

namespace allot {
namespace {

uint32_t ByteAt(absl::string_view text, size_t i) { return static_cast<unsigned char>(text[i]); }

}  // namespace

Character TakeCharacter(absl::string_view& text) {
  const uint32_t first = ByteAt(text, 0);
  const size_t length = first < 0x80   ? 1
                        : first < 0xc0 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf8 ? 4
                                       : 0;
  constexpr uint32_t kFirstBits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  uint32_t code = first & kFirstBits[length];
  bool valid = length > 0 && length <= text.size();
  for (size_t i = 1; valid && i < length; ++i) {
    const uint32_t byte = ByteAt(text, i);
    valid = (byte & 0xc0) == 0x80;
    code = code << 6 | (byte & 0x3f);
  }
  valid = valid && code >= kLeast[length] && code < kStrayByte && (code < 0xd800 || code > 0xdfff);
  text.remove_prefix(valid ? length : 1);
  return valid ? code : kStrayByte + first;
}

CharacterSet::CharacterSet(Character first, Character last) {
  ranges_.emplace_back(first, last);
  FillAscii();
}

void CharacterSet::Add(const CharacterSet& other) {
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  std::sort(ranges_.begin(), ranges_.end());
  std::vector<std::pair<Character, Character>> merged;
  for (const auto& range : ranges_) {
    if (!merged.empty() && range.first <= merged.back().second + 1) {
      merged.back().second = std::max(merged.back().second, range.second);
    } else {
      merged.push_back(range);
    }
  }
  ranges_ = std::move(merged);
  FillAscii();
}

CharacterSet CharacterSet::Complement() const {
  CharacterSet complement;
  Character next = 0;
  for (const auto& [first, last] : ranges_) {
    if (first > next) complement.ranges_.emplace_back(next, first - 1);
    next = last + 1;
  }
  if (next <= kLastCharacter) complement.ranges_.emplace_back(next, kLastCharacter);
  complement.FillAscii();
  return complement;
}

int64_t CharacterSet::Only() const {
  const bool one = ranges_.size() == 1 && ranges_[0].first == ranges_[0].second;
  return one ? static_cast<int64_t>(ranges_[0].first) : -1;
}

bool CharacterSet::ContainsBeyondAscii(Character character) const {
  const auto behind =
      std::upper_bound(ranges_.begin(), ranges_.end(), std::pair(character, kLastCharacter));
  return behind != ranges_.begin() && std::prev(behind)->second >= character;
}

void CharacterSet::FillAscii() {
  ascii_.reset();
  for (const auto& [first, last] : ranges_) {
    for (Character c = first; c <= last && c < kAscii; ++c) ascii_.set(c);
  }
}

}  // namespace allot
