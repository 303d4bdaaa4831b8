// The best steady state with replicas: which placements take turns, and how often.
//
// In the linear program, placement i serves the share x_i of all inferences and every resource
// carries at most P per inference: min P, sum x = 1, sum x_i load_ir <= P. Its columns, the
// placements, are found as they are needed: the one with the least sum of loads weighted by the
// program's duals, looked for by descent. For weights lambda of resources with sum L,
//   L * P >= min over placements of sum_r lambda_r load_r >= sum over units of min_d lambda_d p_ud
// (and between two kinds of devices the minimum cut that adds what they exchange), which is worked
// out exactly: a certificate for any pipelined or replicated schedule, whatever its memory.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "placement/lanes/replication.h"
#include "placement/value/lower_bound.h"
#include "placement/value/problem_facts.h"

namespace allot {

struct SteadyState {
  // The best found, within memory, whole shares of a cycle of at most `max_cycle`; empty if none is
  // feasible.
  ReplicatedPlacement replicated;
  ReplicationScore score;
  LowerBound bound;  // of the period of any replicated placement
  int64_t work = 0;
};
inline constexpr int64_t kMaxCycle = 64;

// Whether replicas mean anything: an error unless the problem is about throughput, without calls
// and without contiguity.
absl::Status CheckReplicable(const PlacementProblem& problem);

// `incumbent` (may be null): a feasible placement to do at least as well as. Spends about `work`,
// and returns at most `max_cycle` turns, which is between 1 and kMaxCycle.
// Error: what Check() and CheckReplicable() say.
absl::StatusOr<SteadyState> SolveSteadyState(const PlacementProblem& problem,
                                             const ProblemGraph& graph, const Solution* incumbent,
                                             int64_t work, int64_t max_cycle = kMaxCycle);

// Whether an answer holds: what Verify() says of its placements, and that no answer is below its
// bound, neither its own nor `single` (may be null), a placement that is known to be feasible.
absl::Status VerifySteadyState(const PlacementProblem& problem, const SteadyState& state,
                               const Score* single);

// The certificate alone: rounds of better weights. With kPerGroup each placement of the mixture is
// formed into parts, and what it launches counts (turns_bound.h). Holds for a single placement,
// too.
Picos BoundSteadyState(const ProblemFacts& facts, int64_t work, Launch launch);
inline Picos BoundSteadyState(const PlacementProblem& problem, int64_t work, Launch launch) {
  return BoundSteadyState(ProblemFacts(problem), work, launch);
}

}  // namespace allot
