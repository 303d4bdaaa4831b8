// What libonnx 1.12's type rules rely on without looking: a rule that reads the second dimension of
// a vector, or divides by a stride of zero, ends the process. Found by running every rule on random
// nodes; tests/unit/onnx_import/schemas_test.cc does so again.
#pragma once

#include <vector>

#include "ir/graph.h"
#include "ir/operator_schemas.h"

namespace allot {

// Whether the rule for the node can be called. False for nodes that no runtime could run either.
bool IsSafeToInfer(const ir::Node& node, const std::vector<ir::OperatorSchemas::Operand>& operands);

}  // namespace allot
