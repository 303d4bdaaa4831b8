// The plan's clusters as a chain that is trained (placement/trained/chain.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "passes/pipeline/pass.h"
#include "passes/problem/built_problem.h"
#include "placement/trained/chain.h"

namespace allot {

enum class Optimizer {
  kAdam,  // two moments in 32 bits (Kingma and Ba, 2015)
  kSgd,   // no state
};

struct TrainingOptions {
  int64_t microbatches = 8;
  Optimizer optimizer = Optimizer::kAdam;
  Recompute recompute = Recompute::kAuto;
  std::string freeze;         // weights whose names match are not trained; empty: all are
  bool whole_layers = false;  // cuts only where repeated layers (chain_of_blocks.h) begin and end
};

struct TrainingChain {
  TrainedChain chain;
  std::vector<ItemId> order;  // cell i is the cluster order[i]
  int64_t parameters = 0;     // numbers that are trained
};

// Clusters stand in their topological order. A cluster's backward pass takes what those of its
// nodes take by the cost model, one after the other; where a node has a measured time, its backward
// pass is scaled as the measured time is to what the model says. Weights narrower than 32 bits have
// a copy in 32 bits in the optimizer's state. Errors: a model without anything to train, or without
// layers where they are asked for; scenarios.
absl::StatusOr<TrainingChain> MakeTrainingChain(const ir::Module& module, const ir::Plan& plan,
                                                const BuiltProblem& built,
                                                const TrainingOptions& options,
                                                const PassContext& context);

}  // namespace allot
