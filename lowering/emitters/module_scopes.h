// The modules of a PyTorch model that a node was exported from.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace allot {

// Names of modules as `get_submodule()` takes them, outermost first: what the exporter of
// torch.export notes in the node's metadata ("pkg.torch.onnx.name_scopes"), else what the name of
// the node is made of: "/encoder/layer.3/MatMul" is of "encoder" and "encoder.layer.3". None where
// neither says any.
std::vector<std::string> ModuleScopes(const ir::Node& node);

}  // namespace allot
