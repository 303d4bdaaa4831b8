// Some device must carry at least this: the Lagrangian dual of assigning items so that the largest
// load is smallest, with memory limits.
//
// For weights lambda >= 0 with sum L over devices and prices mu >= 0 of memory,
//   L * max_d load_d >= sum_d lambda_d load_d >= sum_i min_d (lambda_d p_id + mu_d m_i)
//                                                - sum_d mu_d M_d.
// The weights are searched for in integers and the last line is worked out exactly, so it is a
// proof whatever the weights are.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/value/problem_facts.h"
#include "support/id_table.h"

namespace allot {

// Rows that are placed as one: an item, or a set that must share a device.
struct LoadRows {
  IdTable<size_t, DeviceId, Picos> time;  // [row][device], kNotAllowed where it cannot be
  std::vector<Bytes> memory;              // by row; empty if memory cannot bind
  size_t size() const { return time.num_rows(); }
  size_t num_devices() const { return time.num_columns(); }
};
LoadRows MakeLoadRows(const ProblemFacts& facts);

// The sum of lambda is always this.
inline constexpr int64_t kLoadWeight = int64_t{1} << 20;

struct LoadDual {
  std::vector<int64_t> lambda;  // by device
  Picos bound = 0;
};

// Improves the weights for `rounds` rounds of O(rows * devices). `fixed` (by device, may be empty)
// is carried by every device that holds anything; `capacity` (empty: unbounded) limits memory.
LoadDual BoundLoad(const LoadRows& rows, const std::vector<Picos>& fixed,
                   const std::vector<Bytes>& capacity, int rounds);

// sum_i min_d lambda_d p_id over one row: what the row adds to L times the largest load.
Int128 WeightedTime(const LoadRows& rows, size_t row, const std::vector<int64_t>& lambda);

// The least integer T with kLoadWeight * T >= sum.
Picos DivideByLoadWeight(Int128 sum);

}  // namespace allot
