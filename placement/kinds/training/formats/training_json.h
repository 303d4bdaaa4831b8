// Problems of training in our schema, "allot.training/1": all that a problem holds, in one file.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "placement/kinds/training/model/problem.h"
#include "support/json.h"

namespace allot {

inline constexpr absl::string_view kTrainingSchema = "allot.training/1";

// All errors are found; each says where. CheckTrainingProblem() is left to the caller.
absl::StatusOr<TrainingProblem> ReadTrainingProblem(const Json& document, const std::string& file);

// ReadTrainingProblem() of it gives an equal problem. Ends with a newline.
std::string PrintTrainingProblem(const TrainingProblem& problem);

// Sets what --cost=TEXT says.
absl::Status ParseTrainingCost(absl::string_view text, TrainingCost& cost);

}  // namespace allot
