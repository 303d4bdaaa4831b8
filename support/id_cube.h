// A table for each thing of one kind: what a vector indexed by hand,
// (page * num_rows + row) * num_columns + column, would be.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/types/span.h"

#include "support/check.h"
#include "support/id_table.h"

namespace allot {

// Page, Row and Column are Ids, or plain integers where the code around counts so. Cells lie page
// by page, and row by row in each. Debug builds check every access; others cost what indexing by
// hand does.
template <typename Page, typename Row, typename Column, typename T>
class IdCube {
 public:
  IdCube() = default;
  IdCube(size_t num_pages, size_t num_rows, size_t num_columns, const T& value = T()) {
    Assign(num_pages, num_rows, num_columns, value);
  }

  T& operator()(Page page, Row row, Column column) { return cells_[At(page, row, column)]; }
  const T& operator()(Page page, Row row, Column column) const {
    return cells_[At(page, row, column)];
  }

  absl::Span<T> row(Page page, Row row) {
    return absl::MakeSpan(cells_.data() + Begin(page, row), num_columns_);
  }
  absl::Span<const T> row(Page page, Row row) const {
    return absl::MakeConstSpan(cells_.data() + Begin(page, row), num_columns_);
  }
  // All cells of a page, row by row.
  absl::Span<T> page(Page page) {
    return absl::MakeSpan(cells_.data() + Begin(page), num_rows_ * num_columns_);
  }
  absl::Span<const T> page(Page page) const {
    return absl::MakeConstSpan(cells_.data() + Begin(page), num_rows_ * num_columns_);
  }

  size_t num_rows() const { return num_rows_; }
  size_t num_columns() const { return num_columns_; }
  bool empty() const { return cells_.empty(); }
  void ReservePages(size_t num_pages) { cells_.reserve(num_pages * num_rows_ * num_columns_); }
  // Appends a page of num_rows() * num_columns() cells, row by row, that are not of this cube.
  void AddPage(absl::Span<const T> cells) {
    ALLOT_CHECK(cells.size() == num_rows_ * num_columns_);
    cells_.insert(cells_.end(), cells.begin(), cells.end());
  }
  // A cube of that many pages, rows and columns, all cells alike; keeps what is allocated.
  void Assign(size_t num_pages, size_t num_rows, size_t num_columns, const T& value) {
    num_rows_ = num_rows;
    num_columns_ = num_columns;
    cells_.assign(num_pages * num_rows * num_columns, value);
  }

 private:
  size_t Begin(Page page) const {
    const size_t begin = IndexOf(page) * num_rows_ * num_columns_;
#ifndef NDEBUG
    ALLOT_CHECK(IndexOf(page) < cells_.size());
    ALLOT_CHECK(begin + num_rows_ * num_columns_ <= cells_.size());
#endif
    return begin;
  }
  size_t Begin(Page page, Row row) const {
#ifndef NDEBUG
    ALLOT_CHECK(IndexOf(row) < num_rows_);
    Begin(page);
#endif
    return (IndexOf(page) * num_rows_ + IndexOf(row)) * num_columns_;
  }
  size_t At(Page page, Row row, Column column) const {
#ifndef NDEBUG
    ALLOT_CHECK(IndexOf(column) < num_columns_);
#endif
    return Begin(page, row) + IndexOf(column);
  }

  size_t num_rows_ = 0, num_columns_ = 0;
  std::vector<T> cells_;
};

}  // namespace allot
