// Whether dividing a network's rows pays, and into how many parts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "passes/sparsity/row_problem.h"
#include "target/target.h"

namespace allot {

// What one sample, or a batch of them, takes on one device by formula: arithmetic or weights,
// whichever takes longer; activations that are copied; and the fixed cost of each operator.
struct RowTimes {
  Picos whole = 0;    // matrices as they are
  Picos divided = 0;  // in pieces
};

// Of the layers as LowerRows() writes them for RowExchange::kWhole, for `batch` samples of 32-bit
// floats.
RowTimes TimesOnOneDevice(const RowProblem& rows, const rows::Division& division,
                          const Device& device, int64_t batch);

// More words than so many hundredths of those of rows dealt out at random are not worth an
// exchange: rows that have nothing in common come near to that whatever is done.
inline constexpr int64_t kWorthwhilePercent = 80;

}  // namespace allot
