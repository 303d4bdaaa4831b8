// Model-local functions: FunctionProto -> ir::Function, and what they may not do.
#pragma once

#include "absl/status/status.h"
#include "onnx/onnx_pb.h"

#include "onnx_import/import_graph.h"

namespace allot {

// Fills state.module.functions. Nodes are moved out of `model`.
absl::Status ImportFunctions(onnx::ModelProto* model, ImportState& state);

}  // namespace allot
