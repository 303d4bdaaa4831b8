// Values that cannot cross from one ONNX file to another, and what that forces together.
#pragma once

#include "ir/graph.h"
#include "passes/coarsening/node_groups.h"

namespace allot {

// Sequences, optionals, maps, sparse tensors and tensors of unknown rank or element type: the
// inputs and outputs of a file must be ranked tensors.
bool IsUncuttable(const ir::Type& type);

// Puts the producer and all users of every uncuttable value into one group, and closes the groups
// so that their quotient is acyclic. Returns the number of such values. Linear.
int64_t JoinUncuttable(const ir::Graph& graph, const IdVector<ir::NodeId, bool>& placed,
                       NodeGroups& groups);

}  // namespace allot
