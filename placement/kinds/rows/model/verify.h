// What a division is worth, from the definitions: shares no code with evaluation or any search.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

#include "placement/kinds/rows/model/problem.h"

namespace allot::rows {

// Looks at each nonzero of each row: the sum over neurons of words times the cost of the link to
// every other part with a row that reads it. Or one error that names the rule that is broken:
// every neuron has a part, no part exceeds its limit (LimitsOf()). O(nonzeros + neurons * parts).
absl::StatusOr<int64_t> Verify(const Problem& problem, const Division& division);

}  // namespace allot::rows
