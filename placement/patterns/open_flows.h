// Orders of the units in which few flows are open at once: begun, but with units still to come.
// What sweeps over units with a state for each way in which open flows can stand needs such an
// order.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/loads/load_model.h"

namespace allot {

// A permutation of the units. `counts` by flow: whether it matters. The best of several greedy
// orders by the sum of 2^(open flows); O(units * (units + flow ends)).
std::vector<int32_t> OrderByOpenFlows(const LoadModel& model, const std::vector<char>& counts);

}  // namespace allot
