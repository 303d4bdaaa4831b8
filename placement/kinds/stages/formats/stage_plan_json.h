// Plans as JSON: {"stages": [{"layers", "devices", "tensor_width", "replicas", "variants"}], ...}.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "placement/kinds/stages/problem/problem.h"
#include "support/json.h"

namespace allot {

Json StagePlanJson(const StagesProblem& problem, const StagePlan& plan, int64_t period);
// Reads "stages" and ignores what else is there; or an array of stages. All errors are found.
absl::StatusOr<StagePlan> ReadStagePlan(const StagesProblem& problem, const Json& json,
                                        const std::string& file);

}  // namespace allot
