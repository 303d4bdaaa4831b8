// What a placement of layers is worth, from the definitions: every condition of a link is looked up
// in the problem's own list, and what passes is the capacity of a smallest cut
// (support/graph/min_cut.h), which is added up again. Shares no code with what solvers count with.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

#include "placement/kinds/layer_flow/value/problem.h"

namespace allot {

struct VerifiedFlow {
  int64_t rate = 0;   // nano-tokens per second
  int32_t depth = 0;  // servers on the longest route that counts
};

// Or one error that names the rule which the placement breaks.
absl::StatusOr<VerifiedFlow> VerifyLayerFlow(const LayerFlowProblem& problem,
                                             const LayerPlacement& placement);

}  // namespace allot
