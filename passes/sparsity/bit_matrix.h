// A matrix of bits, a row in whole words: where a matrix of weights is not zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace allot {

class BitMatrix {
 public:
  BitMatrix() = default;
  BitMatrix(int64_t rows, int64_t columns)
      : rows_(rows),
        columns_(columns),
        stride_(static_cast<size_t>(columns + 63) / 64),
        words_(static_cast<size_t>(rows) * stride_) {}

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  size_t stride() const { return stride_; }  // words of a row
  uint64_t* Row(int64_t row) { return words_.data() + static_cast<size_t>(row) * stride_; }
  const uint64_t* Row(int64_t row) const {
    return words_.data() + static_cast<size_t>(row) * stride_;
  }
  bool Has(int64_t row, int64_t column) const {
    return (Row(row)[static_cast<size_t>(column) / 64] >> (column % 64) & 1) != 0;
  }
  void Set(int64_t row, int64_t column) {
    Row(row)[static_cast<size_t>(column) / 64] |= uint64_t{1} << (column % 64);
  }
  int64_t Count() const;
  int64_t CountRow(int64_t row) const;
  // visit(column), ascending.
  template <typename Visit>
  void ForEachInRow(int64_t row, Visit visit) const {
    const uint64_t* const words = Row(row);
    for (size_t w = 0; w < stride_; ++w) {
      for (uint64_t bits = words[w]; bits != 0; bits &= bits - 1) {
        visit(static_cast<int64_t>(w * 64) + __builtin_ctzll(bits));
      }
    }
  }
  // Blocks of 64 x 64 bits at a time. O(rows * columns / 10).
  BitMatrix Transposed() const;

 private:
  int64_t rows_ = 0, columns_ = 0;
  size_t stride_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace allot
