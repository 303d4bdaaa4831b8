// How well given patterns cover the units: the linear program whose dual are the worths of units.
// Floating point; it only suggests worths, which load_patterns.h then judges exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace allot {

// Maximises t, where patterns of kind k are used `counts[k]` times in all (fractions allowed) and
// every unit is covered at least t times. Primal simplex on a dense tableau that keeps its basis
// when patterns are added. A pivot is O((units + kinds) * (units + kinds + patterns)).
class PatternMaster {
 public:
  PatternMaster(int32_t num_units, const std::vector<int32_t>& counts);

  void Add(int32_t kind, const std::vector<char>& pattern);
  // The same for any amounts by which a unit is covered.
  void Add(int32_t kind, const std::vector<double>& amounts);
  // At most `max_pivots`, and none once work() has reached `until`. Returns t.
  double Solve(int64_t max_pivots, int64_t until = std::numeric_limits<int64_t>::max());
  // How often each pattern is used, in the order in which they were added.
  std::vector<double> Uses() const;
  // By unit, at least 0, sum 1.
  std::vector<double> Worths() const;
  // Entries of the tableau visited so far.
  int64_t work() const { return work_; }

 private:
  size_t rows() const { return basis_.size(); }
  void Pivot(size_t row, size_t column);

  const int32_t num_units_;
  // Columns: a slack for each row, then t, then patterns. Rows: units, then kinds.
  std::vector<std::vector<double>> columns_;
  std::vector<double> reduced_;  // by column: what raising it brings
  std::vector<double> right_;    // by row
  std::vector<int32_t> basis_;   // by row: its column
  double value_ = 0;
  int64_t work_ = 0;
};

}  // namespace allot
