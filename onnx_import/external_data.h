// Checks that the files which hold a model's weights are where the model says, without opening
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"

#include "ir/constant.h"

namespace allot {

class ExternalDataCheck {
 public:
  // `folder` is the model's; "" is the current one. Without `must_exist` only the form of names is
  // checked.
  ExternalDataCheck(std::string folder, bool must_exist)
      : folder_(std::move(folder)), must_exist_(must_exist) {}

  // An error if the location leaves the model's folder, if there is no such file, or if it is too
  // short for the tensor. Each file is looked up once.
  absl::Status Check(const ir::Constant& constant);

 private:
  std::string folder_;
  bool must_exist_;
  std::unordered_map<std::string, std::optional<int64_t>> size_of_;  // nullopt: no such file
};

}  // namespace allot
