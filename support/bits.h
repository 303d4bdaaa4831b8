// A set of small numbers, a bit each, that is listed fast where it is sparse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace allot {

class Bits {
 public:
  // Keeps what is set; what is new is not set.
  void Resize(size_t size) { words_.resize((size + 63) / 64, 0); }
  void Clear() { words_.assign(words_.size(), 0); }

  bool Has(int32_t i) const { return (Word(i) >> (i & 63) & 1) != 0; }
  void Set(int32_t i) { Word(i) |= uint64_t{1} << (i & 63); }
  void Reset(int32_t i) { Word(i) &= ~(uint64_t{1} << (i & 63)); }
  void Flip(int32_t i) { Word(i) ^= uint64_t{1} << (i & 63); }

  // visit(i) for each, ascending. It may set and reset larger ones, which are then seen or not.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (size_t w = 0; w < words_.size(); ++w) {
      uint64_t later = ~uint64_t{0};
      while (const uint64_t bits = words_[w] & later) {
        const int bit = __builtin_ctzll(bits);
        later = ~uint64_t{0} << bit << 1;
        visit(static_cast<int32_t>(w * 64) + bit);
      }
    }
  }

 private:
  uint64_t& Word(int32_t i) { return words_[static_cast<size_t>(i) / 64]; }
  uint64_t Word(int32_t i) const { return words_[static_cast<size_t>(i) / 64]; }

  std::vector<uint64_t> words_;
};

}  // namespace allot
