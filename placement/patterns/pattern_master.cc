#include "placement/patterns/pattern_master.h"

#include <algorithm>
#include <cmath>

namespace allot {
namespace {

constexpr double kTolerance = 1e-9;

}  // namespace

PatternMaster::PatternMaster(int32_t num_units, const std::vector<int32_t>& counts)
    : num_units_(num_units) {
  const size_t n = static_cast<size_t>(num_units) + counts.size();
  for (size_t row = 0; row < n; ++row) {
    std::vector<double>& slack = columns_.emplace_back(n, 0.0);
    slack[row] = 1;
    reduced_.push_back(0);
    basis_.push_back(static_cast<int32_t>(row));
    // All units start uncovered. Small steps, different for each, against cycling.
    const double step = 1e-6 * (1 + static_cast<double>(row * 7919 % 1009) / 1009);
    right_.push_back(
        row < static_cast<size_t>(num_units) ? step : counts[row - static_cast<size_t>(num_units)]);
  }
  std::vector<double>& t = columns_.emplace_back(n, 0.0);
  std::fill(t.begin(), t.begin() + num_units, 1.0);
  reduced_.push_back(1);
}

void PatternMaster::Add(int32_t kind, const std::vector<char>& pattern) {
  Add(kind, std::vector<double>(pattern.begin(), pattern.end()));
}

void PatternMaster::Add(int32_t kind, const std::vector<double>& amounts) {
  // The basis inverse is what has become of the slacks.
  std::vector<double>& column = columns_.emplace_back(rows(), 0.0);
  double reduced = 0;
  const auto add = [&](size_t slack, double factor) {
    for (size_t row = 0; row < rows(); ++row) column[row] += factor * columns_[slack][row];
    reduced += factor * reduced_[slack];
  };
  for (size_t unit = 0; unit < amounts.size(); ++unit) {
    if (amounts[unit] != 0) add(unit, -amounts[unit]);
  }
  add(static_cast<size_t>(num_units_ + kind), 1);
  reduced_.push_back(reduced);
  work_ += static_cast<int64_t>(rows() * amounts.size() / 4);
}

void PatternMaster::Pivot(size_t row, size_t column) {
  const std::vector<double> entering = columns_[column];
  const double pivot = entering[row];
  const double gain = reduced_[column];
  for (size_t c = 0; c < columns_.size(); ++c) {
    std::vector<double>& other = columns_[c];
    const double factor = other[row] / pivot;
    if (factor == 0) continue;
    for (size_t r = 0; r < other.size(); ++r) other[r] -= factor * entering[r];
    other[row] = factor;
    reduced_[c] -= factor * gain;
  }
  const double step = right_[row] / pivot;
  for (size_t r = 0; r < right_.size(); ++r) right_[r] -= step * entering[r];
  right_[row] = step;
  value_ += step * gain;
  basis_[row] = static_cast<int32_t>(column);
  work_ += static_cast<int64_t>(rows() * columns_.size());
}

double PatternMaster::Solve(int64_t max_pivots, int64_t until) {
  for (int64_t pivots = 0; pivots < max_pivots && work_ < until; ++pivots) {
    const auto best = std::max_element(reduced_.begin(), reduced_.end());
    if (*best <= kTolerance) break;
    const auto column = static_cast<size_t>(best - reduced_.begin());
    const std::vector<double>& entering = columns_[column];
    size_t leaving = rows();
    double least = 0;
    for (size_t row = 0; row < rows(); ++row) {
      if (entering[row] <= kTolerance) continue;
      const double ratio = std::max(right_[row], 0.0) / entering[row];
      if (leaving < rows() &&
          (ratio > least || (ratio == least && entering[row] <= entering[leaving]))) {
        continue;
      }
      leaving = row;
      least = ratio;
    }
    if (leaving == rows()) break;
    Pivot(leaving, column);
  }
  return value_;
}

std::vector<double> PatternMaster::Uses() const {
  const size_t first = rows() + 1;
  std::vector<double> uses(columns_.size() - first, 0);
  for (size_t row = 0; row < rows(); ++row) {
    const auto column = static_cast<size_t>(basis_[row]);
    if (column >= first) uses[column - first] = std::max(right_[row], 0.0);
  }
  return uses;
}

std::vector<double> PatternMaster::Worths() const {
  std::vector<double> worths;
  for (int32_t unit = 0; unit < num_units_; ++unit) {
    worths.push_back(std::max(0.0, -reduced_[static_cast<size_t>(unit)]));
  }
  return worths;
}

}  // namespace allot
