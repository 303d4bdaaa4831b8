// What a node is called towards users.
#pragma once

#include <string>

#include "ir/graph.h"

namespace allot::ir {

// The node's name, or "Conv#12", its operator and its place in the file, if it has none. Tables of
// measured costs and every output call it so.
std::string NameOrPlace(const Node& node);

}  // namespace allot::ir
