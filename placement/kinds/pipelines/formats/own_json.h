// The schema of the kind, in whole ticks and units of memory.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "placement/kinds/pipelines/model/problem.h"
#include "support/json.h"

namespace allot::pipelines {

inline constexpr absl::string_view kSchema = "allot.pipelines/1";

// All errors are found; what Check() finds nobody need look for here.
absl::StatusOr<Problem> ReadOwnJson(const Json& document, const std::string& file);
std::string PrintOwnJson(const Problem& problem);

}  // namespace allot::pipelines
