// Plans as JSON: ours, and what PHAZE's placement program writes.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "placement/kinds/pipelines/model/problem.h"
#include "support/json.h"

namespace allot::pipelines {

absl::StatusOr<Plan> ReadPlan(const Problem& problem, const Json& json, const std::string& file);

// {"tensor", "data", "pipeline", "stages"}, and "fixed_strategy": what the one in the problem is
// worth, or why it keeps no rule.
Json PlanJson(const Problem& problem, const Plan& plan);

}  // namespace allot::pipelines
