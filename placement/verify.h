// Checks an answer from scratch. Shares no code with evaluation or any solver.
#pragma once

#include "absl/status/status.h"

#include "placement/evaluate.h"

namespace allot {

// Every item on a device that can run it, groups together, memory (resident) holds, the order
// topological, the schedule respects precedence, transfer times, and no device or channel does two
// things at once; what has to be contiguous is; calls last what they must; the objective is
// `claimed`. One error that names what is violated.
absl::Status Verify(const PlacementProblem& problem, const Solution& solution,
                    const Schedule& schedule, Picos claimed);

}  // namespace allot
