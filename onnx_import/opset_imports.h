// Which version of each domain's operators a model, and each of its functions, means.
#pragma once

#include <string>
#include <vector>

#include "onnx/onnx_pb.h"

#include "ir/module.h"
#include "onnx_import/import_graph.h"

namespace allot {

// Appends what is imported to `imports`, each domain once. `place` stands before diagnostics.
void ReadOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>& protos,
                const std::string& place, ImportState& state,
                std::vector<ir::OpsetImport>& imports);

// Of each domain that operators of the graph just read come from and that `imports` lacks: what the
// model imports is added, as versions of a function must agree with the model's. A warning says so,
// or that the model has none either; one for each domain.
void CompleteOpsets(ImportState& state, std::vector<ir::OpsetImport>& imports);

}  // namespace allot
