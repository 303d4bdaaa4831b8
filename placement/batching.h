// How many inferences to run as one: costs rise more slowly than batches, but a batch waits for its
// last inference.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"

#include "placement/solver.h"

namespace allot {

// The same problem at one batch size: times, bytes and workspaces are those of a whole batch.
struct BatchCase {
  int64_t size = 1;
  PlacementProblem problem;
};

// What was found for one case. The latency is result.score.makespan, the time of one batch alone.
struct BatchAnswer {
  // As for throughput, of a whole batch. Where nothing is quick enough, the quickest one found.
  SolveResult result;
  bool in_time = false;      // there is a placement, and its latency is within the limit
  Picos period = 0;          // per inference, rounded up: the objective over the size
  LowerBound least_latency;  // proved, if the latency was looked for; value 0 claims nothing
};

struct BatchChoice {
  std::vector<BatchAnswer> answers;  // of each case
  std::optional<size_t> chosen;      // its index; none if no case has a placement in time
};

// Solves every case for throughput and chooses the least period per inference (compared exactly)
// among those whose latency is at most `latency_limit`; ties go to the lesser latency, then to the
// earlier case. Where the answer for throughput is too slow, its devices are kept and only the
// order is searched for latency; if that is too slow as well, the case is solved for latency, and
// the answer counts with its own load. So a case within the limit may have a better placement than
// the one found, and a case that is too slow is proved to be so only by `least_latency`.
//
// `limits` apply to each search, of which there are up to three for a case. What a case says of its
// objective means nothing here. Error: a wrong case, or a solver that cannot solve it.
absl::StatusOr<BatchChoice> ChooseBatch(const std::vector<BatchCase>& cases, Picos latency_limit,
                                        const PlacementSolver& solver, absl::string_view name,
                                        const SolveLimits& limits);

}  // namespace allot
