// How files refer to layers: by name, or by number where names do not tell them apart.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"

#include "placement/kinds/stages/problem/problem.h"
#include "support/json.h"

namespace allot {

class LayerNames {
 public:
  explicit LayerNames(const StagesProblem& problem);

  // The layer that a text or a number means.
  absl::StatusOr<int32_t> Find(const Json& json) const;
  // The name, if it is no other layer's.
  Json Print(int32_t layer) const;

 private:
  static constexpr int32_t kSeveral = -1;
  std::map<std::string, int32_t> by_name_;
  std::vector<std::string> names_;
};

}  // namespace allot
