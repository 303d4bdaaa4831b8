// What training adds to a graph: which of its constants are trained, what each node does backward,
// and what of the forward pass is kept for that. See docs/how-to/training.md.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/module.h"
#include "operators/inference/type_inference.h"
#include "operators/operators.h"
#include "support/id.h"
#include "target/op_features.h"

namespace allot {

struct TrainingWork {
  // By constant: it is a parameter. One is if it is a tensor of floating point numbers, more than
  // one, that gets a gradient from what the model gives out. Single numbers are none, nor is what
  // is added to scores right before a Softmax: a mask.
  IdVector<ir::ConstantId, bool> trained;
  // By value: its gradient is computed, so it crosses backward wherever the value crosses forward.
  IdVector<ir::ValueId, bool> has_gradient;
  // By node: what a cost model is told of its backward pass, kNone if it has none. What its forward
  // pass took in one kernel with others is a kernel of its own here: nothing is fused.
  IdVector<ir::NodeId, OpFeatures> backward;
  // By node: the tensors that its backward pass reads again, each once, ascending, and the bytes of
  // all else that it keeps. No constants: these are there anyway. Values that are the same bytes in
  // another shape (Reshape and the like) are named by the first of them.
  IdVector<ir::NodeId, std::vector<ir::ValueId>> keeps;
  IdVector<ir::NodeId, Bytes> keeps_more;
};

// `types` from InferConcreteTypes(), `features` of FeaturesOfGraph() with them. `frozen` says of a
// constant's name whether it is left as it is. Errors are those of work rules. Nodes must be in
// topological order. Linear but for sorting.
absl::StatusOr<TrainingWork> TrainingWorkOf(
    const ir::Module& module, const InferredTypes& types, const Operators& operators,
    const IdVector<ir::NodeId, OpFeatures>& features,
    const std::function<bool(const std::string& name)>& frozen);

}  // namespace allot
