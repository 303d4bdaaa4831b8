#include "ir/called_function.h"

namespace allot {

CalledFunctions::CalledFunctions(const ir::Module& module) {
  for (size_t i = 0; i < module.functions.size(); ++i) {
    const ir::Function& function = module.functions[i];
    index_of_.try_emplace({function.domain, function.name, function.overload},
                          static_cast<int32_t>(i));
  }
}

int32_t CalledFunctions::Find(const ir::Node& node) const {
  if (index_of_.empty()) return -1;
  const auto found = index_of_.find({node.domain, node.op_type, node.overload});
  return found == index_of_.end() ? -1 : found->second;
}

}  // namespace allot
