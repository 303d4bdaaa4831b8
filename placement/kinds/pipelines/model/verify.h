// What a plan is worth from the definitions. Shares no code with what evaluates or finds plans.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

#include "placement/kinds/pipelines/model/problem.h"

namespace allot::pipelines {

// The ticks of a batch, or one error that names the rule that is broken and where. The problem
// passes Check(). O(stages * (layers + edges)).
absl::StatusOr<int64_t> Verify(const Problem& problem, const Plan& plan);

}  // namespace allot::pipelines
