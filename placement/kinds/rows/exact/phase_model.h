// The best division of one layer's rows, the rest standing still, as a mixed-integer linear
// program.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/rows/search/phase.h"
#include "placement/milp/model.h"

namespace allot::rows {

// Rows of one kind and weight that their readers pay alike for are a class. By class c and part p:
// the binary u says whether part p has rows of the class, n how many; by net e and part y >= u of
// each class in the net. Minimises the sum of what parts pay for nets they read, y times receive,
// and of what readers pay, n times send. Where all rows weigh the same n is whole wherever u is,
// since what is left is a transport of rows; otherwise each row is a class, and n a binary. O(rows
// * parts + pins of classes * parts) rows.
class PhaseModel {
 public:
  static PhaseModel Make(const Phase& phase);

  const MilpModel& model() const { return model_; }
  // A division as a point of the program, to start from.
  std::vector<double> PointOf(const std::vector<int32_t>& part_of) const;
  // The division that a solution is.
  std::vector<int32_t> DivisionOf(const std::vector<double>& values) const;
  // What it costs, as the program counts it.
  int64_t CostOf(const std::vector<int32_t>& part_of) const;

 private:
  int32_t U(size_t of_class, size_t part) const;
  int32_t N(size_t of_class, size_t part) const;
  int32_t Y(size_t net, size_t part) const;
  void FindClasses(const Phase& phase);
  void AddColumns(const Phase& phase);
  void AddRows(const Phase& phase);

  size_t parts_ = 0, nets_ = 0;
  bool alike_ = true;  // all rows weigh the same
  std::vector<std::vector<int32_t>> rows_of_class_;
  std::vector<std::vector<int32_t>> classes_of_net_;
  std::vector<int64_t> receive_, send_;
  MilpModel model_;
};

}  // namespace allot::rows
