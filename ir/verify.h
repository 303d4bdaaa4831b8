// Structural rules of the IR.
#pragma once

#include "absl/status/status.h"

#include "ir/module.h"
#include "support/diagnostics.h"

namespace allot::ir {

// Reports every violation with its op and location: unique names, operands defined before use, use
// lists in step, captures in step with bodies, attribute references only in functions, functions
// called exist or are of an unknown domain, no function calls itself. Linear. Returns
// diagnostics.ToStatus().
absl::Status Verify(const Module& module, Diagnostics& diagnostics);

// 'onnx.Conv' op "conv1"("m.onnx":12:0) or, without a name, 'onnx.Conv' op #12.
std::string Describe(const Node& node);

}  // namespace allot::ir
