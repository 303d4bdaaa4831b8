// Sets of blocks as rows of bits, for inner loops: plain words, no ownership, no checks.
#pragma once

#include <bit>
#include <cstdint>

namespace allot {

inline bool HasBlock(const uint64_t* set, int32_t block) {
  return (set[block >> 6] >> (block & 63)) & 1;
}
inline void AddBlock(uint64_t* set, int32_t block) {
  set[block >> 6] |= uint64_t{1} << (block & 63);
}
inline void RemoveBlock(uint64_t* set, int32_t block) {
  set[block >> 6] &= ~(uint64_t{1} << (block & 63));
}

// Calls visit(block) for each member, ascending. `word(w)` gives the w-th word.
template <typename Word, typename Visit>
void ForEachBlock(int32_t words, const Word& word, const Visit& visit) {
  for (int32_t w = 0; w < words; ++w) {
    for (uint64_t bits = word(w); bits != 0; bits &= bits - 1) {
      visit(w * 64 + std::countr_zero(bits));
    }
  }
}

}  // namespace allot
