// Scenarios as the command line writes them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "passes/pipeline/scenario.h"

namespace allot {

// "prefill:tokens=512,past=0", "decode:tokens=1,past=512*100": a name, sizes of dimensions, and how
// many inferences of it there are for those of the others (default: 1). `dims` and `fallback` hold
// for all of them, as of ParseDims(). Errors name the argument.
absl::StatusOr<std::vector<Scenario>> ParseScenarios(const std::vector<std::string>& scenarios,
                                                     const std::vector<std::string>& dims,
                                                     int64_t fallback);

}  // namespace allot
