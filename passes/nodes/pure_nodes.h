// Which nodes compute the same whenever they see the same.
#pragma once

#include "ir/called_function.h"
#include "ir/graph.h"

namespace allot {

// Whether the node is known to have no effect but its results, which follow from its operands: no
// call, nothing with bodies, nothing random, and of a domain of ONNX or ONNX Runtime.
bool IsPure(const ir::Node& node, const CalledFunctions& functions);

}  // namespace allot
