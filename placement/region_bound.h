// How long the items between two others keep the devices busy: a bound on the time from the end of
// the one to the end of the other.
//
// For a time T, an item can be on a device if the longest paths through it there take at most T,
// and a device can serve a set of items only from the earliest start of any of them there until
// the shortest of what follows them there has to begin. With w_d the length of that window and A_x
// the devices of item x, the set cannot be done within T if for some weights lambda >= 0
//   sum_x min_{d in A_x} lambda_d p_xd > sum_d lambda_d w_d.
// Devices that are far away have short windows, which plain loads do not see. The weights are
// guessed; the inequality is checked in whole numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/path_bounds.h"

namespace allot {

class RegionBound {
 public:
  static constexpr size_t kMostItems = size_t{1} << 14;
  RegionBound(const PathCosts& costs, int32_t entry, int32_t exit, std::vector<int32_t> items);

  // No schedule that ends the entry on device k ends the exit on device l earlier than this
  // afterwards. kNever if there is no way. O(items * devices * constant).
  Picos Between(int32_t k, int32_t l) const;
  // The same from paths alone: weaker, and quick.
  Picos Path(int32_t k, int32_t l) const;

 private:
  size_t Cell(size_t row, int32_t device) const {
    return row * static_cast<size_t>(costs_.num_devices) + static_cast<size_t>(device);
  }
  std::vector<std::vector<int32_t>> Sets(int32_t k, int32_t l) const;
  bool Overloaded(const std::vector<int32_t>& set, const Picos* start, const Picos* tail,
                  Picos within) const;
  // The inequality above.
  bool Exceeds(const std::vector<Picos>& time, const std::vector<int64_t>& weight,
               const std::vector<Picos>& window) const;

  const PathCosts& costs_;
  const int32_t exit_;
  const std::vector<int32_t> items_;
  // [device of the entry][row][device]: the earliest start; the exit is the last row.
  std::vector<std::vector<Picos>> start_;
  // [device of the exit][row][device]: from an item's end to the end of the exit, at least.
  std::vector<std::vector<Picos>> tail_;
};

// Pairs (entry, exit) between which a graph forks and joins: every path from the entry leads
// through the exit, or every path to the exit comes through the entry, and neither holds for
// anything nearer. Only pairs with something in parallel between them. O(flows * depth).
struct ForkJoin {
  int32_t entry, exit;
};
std::vector<ForkJoin> ForkJoins(const PathCosts& costs);

}  // namespace allot
