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
  // `folder` and `model` as of CheckReach() (ir/data_reach.h). Without `must_exist` only names and
  // links are checked.
  ExternalDataCheck(std::string folder, std::string model, bool must_exist)
      : folder_(std::move(folder)), model_(std::move(model)), must_exist_(must_exist) {}

  // An error if the location leaves the model's folder, by its name or by links. That there is no
  // such file, or that it is too short for the tensor, is noted: planning needs no weights. Each
  // file is looked up once.
  absl::Status Check(const ir::Constant& constant);
  // What is wrong with the first tensor whose data is not there; empty: all is there.
  std::string Lacking() const;

 private:
  std::string folder_, model_;
  bool must_exist_;
  std::unordered_map<std::string, std::optional<int64_t>> size_of_;  // nullopt: no such file
  int64_t num_lacking_ = 0;
  std::string first_lacking_;
};

}  // namespace allot
