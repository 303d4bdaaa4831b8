// What a plan takes in each of the scenarios that it was made for.
#pragma once

#include <vector>

#include "absl/status/statusor.h"

#include "passes/pipeline/pass.h"

namespace allot {

// By scenario of the context: the value of the plan for its objective if nothing but inferences of
// this scenario are run. Needs parts. Linear in the problem, once for each.
absl::StatusOr<std::vector<Picos>> ScenarioTimes(const ir::Module& module, const ir::Plan& plan,
                                                 const PassContext& context);

}  // namespace allot
