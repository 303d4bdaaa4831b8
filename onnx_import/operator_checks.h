// What ONNX demands of the nodes of each operator: numbers of inputs and outputs, attributes and
// their types.
#pragma once

#include <string>

#include "ir/module.h"

namespace allot {

// The first node of the module, bodies and functions included, that ONNX forbids, with what is
// wrong, and how many others there are; empty if there is none. A model of such nodes can be placed
// all the same, though no runtime need take it. Operators of other domains, operators and versions
// newer than the table, and calls of the model's functions are not looked at. Linear in the nodes.
std::string ForbiddenNodes(const ir::Module& module);

}  // namespace allot
