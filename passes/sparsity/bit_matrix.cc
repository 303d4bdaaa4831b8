#include "passes/sparsity/bit_matrix.h"

#include <algorithm>

namespace allot {
namespace {

// By exchanging ever smaller blocks (Warren, Hacker's Delight, 7-3).
void TransposeBlock(uint64_t (&block)[64]) {
  uint64_t mask = 0x00000000ffffffffu;
  for (int half = 32; half > 0; half /= 2, mask ^= mask << half) {
    for (int row = 0; row < 64; row = ((row | half) + 1) & ~half) {
      const uint64_t exchange = ((block[row] >> half) ^ block[row | half]) & mask;
      block[row | half] ^= exchange;
      block[row] ^= exchange << half;
    }
  }
}

}  // namespace

int64_t BitMatrix::CountRow(int64_t row) const {
  int64_t count = 0;
  for (size_t w = 0; w < stride_; ++w) count += __builtin_popcountll(Row(row)[w]);
  return count;
}

int64_t BitMatrix::Count() const {
  int64_t count = 0;
  for (const uint64_t word : words_) count += __builtin_popcountll(word);
  return count;
}

BitMatrix BitMatrix::Transposed() const {
  BitMatrix result(columns_, rows_);
  uint64_t block[64];
  for (int64_t row = 0; row < rows_; row += 64) {
    const int64_t high = std::min<int64_t>(64, rows_ - row);
    for (size_t w = 0; w < stride_; ++w) {
      for (int64_t i = 0; i < 64; ++i) block[i] = i < high ? Row(row + i)[w] : 0;
      TransposeBlock(block);
      const auto first = static_cast<int64_t>(w * 64);
      const int64_t wide = std::min<int64_t>(64, columns_ - first);
      for (int64_t i = 0; i < wide; ++i) {
        result.Row(first + i)[static_cast<size_t>(row) / 64] = block[i];
      }
    }
  }
  return result;
}

}  // namespace allot
