// Whether an assignment keeps the rules, and what it is worth, from the definitions: shares nothing
// with compiled.h, evaluate.h or any search.
#pragma once

#include "absl/status/statusor.h"

#include "placement/kinds/chips/model/problem.h"

namespace allot::chips {

// The bottleneck in picoseconds; or an error that begins with the name of the rule that is broken.
// O(chips (n + m) + chips^3), and chips n^2 where memory is limited.
absl::StatusOr<Picos> Verify(const Problem& problem, const Assignment& assignment);

}  // namespace allot::chips
