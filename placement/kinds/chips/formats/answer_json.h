// An assignment as JSON, with what it means for each chip.
#pragma once

#include "placement/kinds/chips/model/problem.h"
#include "support/json.h"

namespace allot::chips {

inline constexpr char kSliceDpKey[] = "slice_dp";

// {"chips": [[names of nodes, with copies], ...], "compute_ms", "link_ms", "memory": by chip in
// use, of links for each one that carries something, "slice_dp": what slices of one good order
// reach, ms}.
Json AssignmentJson(const Problem& problem, const Assignment& assignment);

}  // namespace allot::chips
