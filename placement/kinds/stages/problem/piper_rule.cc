// Tarnawski et al., "Piper: Multidimensional Planner for DNN Parallelization" (NeurIPS 2021): d
// replicas of a stage share the samples of a batch, N, and a sample takes
//
//     T / d + (2 E / d + 4 (d - 1) / d * P / N) / B
//
// with E the bytes over the boundary of the stage (tensors, and what split layers gather) and P the
// bytes of its parameters. T + 2 E / B is the `time` of LoadOf(), 4 P / (N B) the `update`.
#include "placement/kinds/stages/problem/cost_rule.h"

namespace allot {

ReplicaWeights PiperWeights(int64_t replicas) {
  return {.time = 1, .update = replicas - 1, .divisor = replicas};
}

}  // namespace allot
