// A search under a clock. Solvers are limited by work, so that their results repeat; a limit of
// time is therefore a sequence of searches with growing limits of work, each from the best solution
// so far. How many there are, and so the result, depends on the machine.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "placement/solver.h"

namespace allot {

// Calls Solve() again and again until `seconds` are over, something is proved, or more work finds
// nothing more to do; the best solution and the best bound of all. input.limits.work bounds the
// sum; its progress is told what is better than in all searches before. May take a little longer
// than `seconds`: a search that has begun is not broken off.
absl::StatusOr<SolveResult> SolveWithin(const PlacementSolver& solver, absl::string_view name,
                                        const SolveInput& input, double seconds);

}  // namespace allot
