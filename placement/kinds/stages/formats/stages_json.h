// Our JSON form of such problems and of their answers. docs/solve.md is the reference.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "placement/kinds/stages/formats/draft.h"
#include "placement/kinds/stages/problem/problem.h"
#include "support/json.h"

namespace allot {

inline constexpr absl::string_view kStagesSchema = "allot.stages/1";

// Reads our form. All errors are found.
absl::StatusOr<StagesDraft> ReadStagesJson(const Json& document, const std::string& file);
// Ends with a newline; reading it gives an equal problem.
std::string PrintStagesJson(const StagesProblem& problem);

}  // namespace allot
