// Says why a problem does not fit the memories of its devices.
#pragma once

#include <string>

#include "absl/status/status.h"

#include "placement/problem/problem.h"

namespace allot {

// Bytes as people read them: "512 bytes", "1.5 GB".
std::string MemoryText(Bytes bytes);

// The error for a problem of which no feasible placement is known: two operators that no route
// joins, or else what the model needs, what it needs at least on each device and what that device
// has. `proven`: there is none.
absl::Status DescribeMisfit(const PlacementProblem& problem, bool proven);

}  // namespace allot
