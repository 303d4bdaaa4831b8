#include "ir/node_name.h"

#include "absl/strings/str_cat.h"

namespace allot::ir {

std::string NameOrPlace(const Node& node) {
  if (!node.name.empty()) return node.name;
  return absl::StrCat(node.op_type, "#", node.location.index);
}

}  // namespace allot::ir
