// Which function of the model a node calls.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "ir/module.h"

namespace allot {

class CalledFunctions {
 public:
  explicit CalledFunctions(const ir::Module& module);

  // Index into Module::functions; -1 for a node that calls none.
  int32_t Find(const ir::Node& node) const;

 private:
  std::map<std::tuple<std::string, std::string, std::string>, int32_t> index_of_;
};

}  // namespace allot
