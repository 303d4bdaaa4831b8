// What a published plan is worth: the value, what it is made of, memory, and errors against what
// was measured where the plan says so.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "placement/kinds/training/model/problem.h"
#include "support/json.h"
#include "support/units.h"

namespace allot {

// {"objective", "cost", "sailor_s", "own_s", "micro_batches", "compute_s", "transfer_s",
// "update_s", "all_reduce_s", "memory_bytes", "max_memory_bytes"}; seconds, by stage where there
// are several. If `json`, from which the plan was read, says `real` and `max_mem`: these, and by
// how many percent each model errs. An error that names the rule that the plan breaks.
absl::StatusOr<Json> JudgeTraining(const TrainingProblem& problem, const TrainingPlan& plan,
                                   const Json& json, const std::vector<std::string>& notes);

// Picoseconds as seconds.
double TrainingSeconds(Picos time);

// The most that a process on any GPU is expected to hold, measured from outside: a stage with the
// micro-batches that it has begun, which are no more than there are, and the runtime.
Bytes ExpectedMemory(const TrainingProblem& problem, const TrainingPlan& plan, size_t stage);

}  // namespace allot
