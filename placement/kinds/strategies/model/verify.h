// Whether an answer keeps the rules and what it costs, from the definitions: no code of any solver.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

#include "placement/kinds/strategies/model/problem.h"

namespace allot::strategies {

// The total cost. Errors name the rule that is broken: a forbidden strategy, a forbidden pair, the
// time at which usages exceed the limit, a total that reaches kForbidden.
absl::StatusOr<int64_t> Verify(const Problem& problem, const Choice& choice);

}  // namespace allot::strategies
