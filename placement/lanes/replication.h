// Replicas: what runs on several devices, each for a share of the inferences.
//
// A replicated placement is a mixture of placements that take turns: of every `cycle` inferences,
// placement i serves shares[i]. An item that two of them put on different devices has a replica on
// each (data parallelism); its weights are resident on both. The load of a resource is the mean
// over the cycle, and the period of an inference the largest of them.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"

#include "placement/value/evaluate.h"

namespace allot {

struct ReplicatedPlacement {
  std::vector<Solution> placements;
  std::vector<int64_t> shares;  // by placement, positive

  int64_t cycle() const {
    int64_t sum = 0;
    for (const int64_t share : shares) sum += share;
    return sum;
  }
};

struct ReplicationScore {
  // Every placement is feasible by itself, and every device has memory for all that any of them
  // keeps there, and for what the largest of them needs on top while it runs.
  bool feasible = false;
  Picos cycle_load = 0;  // the largest load of a resource over a cycle
  Picos period = 0;      // per inference, rounded up
  int64_t replicas = 0;  // items on devices, over all items; as many as items if none is replicated
};

// Requires a throughput problem and a cycle of at least 1.
ReplicationScore Evaluate(const PlacementProblem& problem, const ProblemGraph& graph,
                          const ReplicatedPlacement& replicated);

// Checks an answer from the definitions, sharing no code with Evaluate(): every placement by itself
// as VerifyPlacement() does, shares, loads, and the memory of all that is kept with what the
// largest of them needs on top along its schedule. One error that names what is wrong; an error of
// the code ResourceExhausted is about memory.
absl::Status Verify(const PlacementProblem& problem, const ReplicatedPlacement& replicated,
                    Picos claimed_period);

}  // namespace allot
