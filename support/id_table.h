// A table with a row for each thing of one kind and a column for each of another: what a vector
// indexed by hand, row * num_columns + column, would be.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/types/span.h"

#include "support/check.h"

namespace allot {

// The number that an Id or a plain integer counts by.
template <typename Index>
size_t IndexOf(Index index) {
  if constexpr (std::is_integral_v<Index>) {
    return static_cast<size_t>(index);
  } else {
    return static_cast<size_t>(index.index());
  }
}

// Row and Column are Ids, or plain integers where the code around counts so. Cells lie row by row.
// Debug builds check every access; others cost what indexing by hand does.
template <typename Row, typename Column, typename T>
class IdTable {
 public:
  IdTable() = default;
  IdTable(size_t num_rows, size_t num_columns, const T& value = T())
      : num_columns_(num_columns), cells_(num_rows * num_columns, value) {}
  // The same cells, where rows or columns are counted as something else.
  template <typename OtherRow, typename OtherColumn>
  explicit IdTable(IdTable<OtherRow, OtherColumn, T> other)
      : num_columns_(other.num_columns_), cells_(std::move(other.cells_)) {}

  T& operator()(Row row, Column column) { return cells_[At(row, column)]; }
  const T& operator()(Row row, Column column) const { return cells_[At(row, column)]; }

  absl::Span<T> row(Row row) { return absl::MakeSpan(cells_.data() + Begin(row), num_columns_); }
  absl::Span<const T> row(Row row) const {
    return absl::MakeConstSpan(cells_.data() + Begin(row), num_columns_);
  }

  size_t num_rows() const { return num_columns_ == 0 ? 0 : cells_.size() / num_columns_; }
  size_t num_columns() const { return num_columns_; }
  // All cells, row by row.
  absl::Span<T> cells() { return absl::MakeSpan(cells_); }
  absl::Span<const T> cells() const { return absl::MakeConstSpan(cells_); }
  bool empty() const { return cells_.empty(); }
  // Appends a row of num_columns() cells; the first one says how many these are.
  void AddRow(absl::Span<const T> cells) {
    if (cells_.empty()) num_columns_ = cells.size();
    ALLOT_CHECK(cells.size() == num_columns_);
    cells_.insert(cells_.end(), cells.begin(), cells.end());
  }
  // A table of that many rows and columns, all cells alike; keeps what is allocated.
  void Assign(size_t num_rows, size_t num_columns, const T& value) {
    num_columns_ = num_columns;
    cells_.assign(num_rows * num_columns, value);
  }
  friend bool operator==(const IdTable&, const IdTable&) = default;

 private:
  template <typename OtherRow, typename OtherColumn, typename OtherT>
  friend class IdTable;

  size_t Begin(Row row) const {
    const size_t begin = IndexOf(row) * num_columns_;
#ifndef NDEBUG
    ALLOT_CHECK(IndexOf(row) < cells_.size() && begin + num_columns_ <= cells_.size());
#endif
    return begin;
  }
  size_t At(Row row, Column column) const {
#ifndef NDEBUG
    ALLOT_CHECK(IndexOf(column) < num_columns_);
#endif
    return Begin(row) + IndexOf(column);
  }

  size_t num_columns_ = 0;
  std::vector<T> cells_;
};

// The rows of a table that somebody else holds, whatever it counts them as.
template <typename Row, typename Column, typename T>
class IdTableView {
 public:
  IdTableView() = default;
  template <typename OtherRow>
  explicit IdTableView(const IdTable<OtherRow, Column, T>& table)
      : num_columns_(table.num_columns()), cells_(table.cells()) {}

  absl::Span<const T> row(Row row) const {
    const size_t begin = IndexOf(row) * num_columns_;
#ifndef NDEBUG
    ALLOT_CHECK(IndexOf(row) < cells_.size() && begin + num_columns_ <= cells_.size());
#endif
    return absl::MakeConstSpan(cells_.data() + begin, num_columns_);
  }
  size_t num_columns() const { return num_columns_; }

 private:
  size_t num_columns_ = 0;
  absl::Span<const T> cells_;
};

}  // namespace allot
