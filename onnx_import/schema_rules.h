// Which of libonnx 1.12's type rules hold for which operator set. It knows ai.onnx up to version
// 17; most later versions of an operator only admit more element types, but some changed what the
// result looks like, and there the old rule would be silently wrong.
#pragma once

#include <cstdint>
#include <vector>

#include "onnx/defs/schema.h"

#include "ir/graph.h"
#include "ir/operator_schemas.h"

namespace allot {

// The newest version of ai.onnx whose changes are in the table below. In later ones no rule is
// trusted.
inline constexpr int64_t kNewestCheckedOpset = 28;

// The schema whose rule holds for the node, or nullptr. Safe to call from several threads.
const onnx::OpSchema* TrustedSchema(const ir::Node& node, int64_t opset_version,
                                    const std::vector<ir::OperatorSchemas::Operand>& operands);

}  // namespace allot
