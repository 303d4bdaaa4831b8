// Values that cannot cross from one ONNX file to another, and what that forces together.
#pragma once

#include <string>

#include "absl/types/span.h"

#include "ir/graph.h"
#include "passes/coarsening/node_groups.h"

namespace allot {

// Sequences, optionals, maps, sparse tensors and tensors of unknown rank or element type: the
// inputs and outputs of a file must be ranked tensors.
bool IsUncuttable(const ir::Type& type);

// "'a' has no known rank", "'sq' is a sequence": why a value cannot cross. It must be uncuttable.
std::string WhyUncuttable(const ir::Value& value);

// What to do about values that cannot cross, the first of which is of this type.
std::string RemedyFor(const ir::Type& type);

// The first result of the nodes, ascending, that cannot cross and has a user among them; invalid:
// none.
ir::ValueId FirstUncuttable(const ir::Graph& graph, absl::Span<const ir::NodeId> nodes);

// Puts the producer and all users of every uncuttable value into one group, and closes the groups
// so that their quotient is acyclic. Returns the number of such values. Linear.
int64_t JoinUncuttable(const ir::Graph& graph, const IdVector<ir::NodeId, bool>& placed,
                       NodeGroups& groups);

}  // namespace allot
