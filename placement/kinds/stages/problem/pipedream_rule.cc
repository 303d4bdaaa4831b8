// Narayanan et al., "PipeDream: Generalized Pipeline Parallelism for DNN Training" (SOSP 2019), as
// its planner counts: r machines take turns with minibatches, and a minibatch takes
//
//     (T + 4 (r - 1) / r * P / B) / r
//
// with P the bytes of the stage's parameters. Transfers between stages are not counted.
#include "placement/kinds/stages/problem/cost_rule.h"

namespace allot {

ReplicaWeights PipeDreamWeights(int64_t replicas) {
  return {.time = replicas, .update = replicas - 1, .divisor = replicas * replicas};
}

}  // namespace allot
