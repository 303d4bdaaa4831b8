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
  // `folder` and `model` as of CheckReach() (ir/data_reach.h). Without `must_exist` files may be
  // missing.
  ExternalDataCheck(std::string folder, std::string model, bool must_exist)
      : folder_(std::move(folder)), model_(std::move(model)), must_exist_(must_exist) {}

  // An error if the location leaves the model's folder, by its name or by links, if there is no
  // such file, or if it is too short for the tensor. Each file is looked up once.
  absl::Status Check(const ir::Constant& constant);

 private:
  std::string folder_, model_;
  bool must_exist_;
  std::unordered_map<std::string, std::optional<int64_t>> size_of_;  // nullopt: no such file
};

}  // namespace allot
