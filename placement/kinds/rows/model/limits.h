// How much each part may take of a tensor's rows.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/rows/model/problem.h"

namespace allot::rows {

struct PartLimits {
  // The problem's; or, where rows cannot be packed with it, the smallest in whole millionths with
  // which they can, heaviest first into the part with most room in proportion (for rows of one
  // weight that is the smallest there is).
  int64_t imbalance = 0;
  std::vector<int64_t> most;  // by part: floor((1 + imbalance) * share)
};

// O(rows * log(rows * parts)) and, for rows of unlike weights, O(rows * parts) for each imbalance
// that is tried.
PartLimits LimitsOf(const Problem& problem, const Tensor& tensor);

// Rows, heaviest first, each into the part with most room in proportion to its limit; a part for
// each row, or none at all if one has no room. O(rows * parts).
std::vector<int32_t> PackRows(const std::vector<int64_t>& weights,
                              const std::vector<int64_t>& most);

// How much the heaviest part exceeds its share, in millionths, rounded up; 0 for a tensor whose
// rows weigh nothing.
int64_t ImbalanceOf(const Problem& problem, const Tensor& tensor,
                    const std::vector<int32_t>& part_of);

}  // namespace allot::rows
