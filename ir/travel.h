// Which nodes may be copied into every part that uses them, instead of being placed.
#pragma once

#include "ir/graph.h"
#include "support/id.h"

namespace allot::ir {

// Whether all copies of the node compute the same from the same operands: an operator of ai.onnx,
// ai.onnx.ml or com.microsoft without bodies that draws no random numbers. Of other domains nobody
// knows that.
bool IsRepeatable(const Node& node);

// Whether any part can compute the node by itself: it is repeatable, and what it uses is there in
// every part: constants, inputs of the model, and results of nodes that travel themselves, as
// `travels` says of all nodes before this one.
bool MayTravel(const Graph& graph, NodeId id, const IdVector<NodeId, bool>& travels);

}  // namespace allot::ir
