// What single operators cost, and what that is made of.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "api/compile.h"

namespace allot {

// Of each node whose whole name matches `pattern`, as one kernel by itself: the products that it
// comes down to, and the time on each device of the target. An error if no node does. `options` are
// those that `compilation` was made with.
absl::StatusOr<std::string> CostReport(const Compilation& compilation,
                                       const CompileOptions& options, const std::string& pattern);

}  // namespace allot
