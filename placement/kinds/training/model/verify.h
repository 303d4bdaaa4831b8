// A plan against the rules, and what it is worth by the definitions: replica by replica, sharing no
// code with what solvers count (evaluate.h) but the functions that the data stands for (costs.h).
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "placement/kinds/training/model/problem.h"
#include "support/units.h"

namespace allot {

// The value of an iteration, in picoseconds. Errors begin with the name of the rule that is broken:
// `micro_batch`, `layers`, `replicas`, `machines`, `tensor_width`, `profile`, `memory`, `link`.
// O(stages * replicas * layers).
absl::StatusOr<Picos> VerifyTraining(const TrainingProblem& problem, const TrainingPlan& plan);

}  // namespace allot
