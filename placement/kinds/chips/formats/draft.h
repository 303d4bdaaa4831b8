// What readers of files make, in any order of nodes, and the problem that it becomes.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "placement/kinds/chips/model/problem.h"

namespace allot::chips {

// A problem whose nodes may read later ones, and the same one twice.
using Draft = Problem;

// Sorts the nodes topologically, of those that are ready the first in the draft first. Errors: a
// cycle, two nodes of one name.
absl::StatusOr<Problem> FinishDraft(Draft draft);

}  // namespace allot::chips
