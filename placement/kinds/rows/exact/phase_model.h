// The best division of one layer's rows, the rest standing still, as a mixed-integer linear
// program.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "placement/kinds/rows/search/phase.h"
#include "placement/milp/model.h"

namespace allot::rows {

// By kind c and part p: the binary u says whether part p has rows of the kind, n how many; by net e
// and part y >= u of each kind in the net. Minimises the sum of what parts pay for nets they read,
// y times receive. All rows weigh the same: then n is whole wherever u is, since what is left is a
// transport of rows. What readers would pay (Phase::send) is not looked at. O(kinds * parts + pins
// of kinds * parts) rows.
class PhaseModel {
 public:
  // An InvalidArgument error for rows of unlike weights.
  static absl::StatusOr<PhaseModel> Make(const Phase& phase);

  const MilpModel& model() const { return model_; }
  // A division as a point of the program, to start from.
  std::vector<double> PointOf(const std::vector<int32_t>& part_of) const;
  // The division that a solution is.
  std::vector<int32_t> DivisionOf(const std::vector<double>& values) const;
  // What it costs, as the program counts it.
  int64_t CostOf(const std::vector<int32_t>& part_of) const;

 private:
  int32_t U(size_t kind, size_t part) const;
  int32_t N(size_t kind, size_t part) const;
  int32_t Y(size_t net, size_t part) const;

  size_t parts_ = 0, kinds_ = 0, nets_ = 0;
  std::vector<std::vector<int32_t>> rows_of_kind_;
  std::vector<std::vector<int32_t>> kinds_of_net_;
  std::vector<int64_t> receive_;
  MilpModel model_;
};

}  // namespace allot::rows
