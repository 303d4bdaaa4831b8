// What a plan is worth from the definitions. Shares no code with what evaluates or finds plans.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

#include "placement/kinds/stages/problem/problem.h"

namespace allot {

// The period in ticks, or one error that names the rule that is broken and where.
absl::StatusOr<int64_t> VerifyStages(const StagesProblem& problem, const StagePlan& plan);

}  // namespace allot
