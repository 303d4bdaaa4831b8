// How many inferences to run as one: costs rise more slowly than batches, but a batch waits for its
// last inference.
#pragma once

#include <vector>

#include "absl/status/statusor.h"

#include "placement/solver.h"

namespace allot {

// The same problem at one batch size: times, bytes and workspaces are those of a whole batch.
struct BatchCase {
  int64_t size = 1;
  PlacementProblem problem;
};

struct BatchChoice {
  size_t index = 0;  // of the case chosen
  SolveResult result;
  Picos period = 0;  // per inference, rounded up: the objective over the size
};

// Solves every case for throughput and chooses the least period per inference among those whose
// makespan, the time of one batch alone, is at most `latency_limit`; ties go to the smaller
// makespan. Where the answer for throughput is too slow, the same case is solved for latency, whose
// answer then counts with its own load. No choice: NotFound. `limits` apply to each solve.
absl::StatusOr<BatchChoice> ChooseBatch(const std::vector<BatchCase>& cases, Picos latency_limit,
                                        const PlacementSolver& solver, absl::string_view name,
                                        const SolveLimits& limits);

}  // namespace allot
