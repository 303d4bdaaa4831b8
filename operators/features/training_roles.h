// Graphs that carry their backward pass themselves: which nodes are of it, which of the optimizer,
// and of which operator each backward node is. ONNX Runtime writes such graphs (gradients of
// com.microsoft, named after what they are of), and so do tools that use ai.onnx.preview.training.
#pragma once

#include <cstdint>

#include "ir/graph.h"
#include "support/id.h"

namespace allot {

enum class TrainingRole { kForward, kBackward, kOptimizer };

struct TrainingRoles {
  IdVector<ir::NodeId, TrainingRole> role;
  // Of what is not forward: the operator whose gradient it computes, or whose weights it updates.
  // Invalid: none is known.
  IdVector<ir::NodeId, ir::NodeId> forward_of;
  int64_t forward = 0, backward = 0, optimizer = 0;  // nodes

  bool trains() const { return backward + optimizer > 0; }
};

// A node is backward if its operator computes a gradient (its type ends in Grad, or is one of a
// few), if it is named "NODE_Grad/...", or if it depends on such a node; of the optimizer if its
// operator is one, or it depends on one. It is of NODE; without such a name of the forward node
// that shares operands with it or makes them: the last whose type the gradient's is named after,
// else the last that uses the same weights, else the last; without any of the one that most of its
// backward operands are of. Nodes must be in topological order. O(operands * users).
TrainingRoles FindTrainingRoles(const ir::Graph& graph);

}  // namespace allot
