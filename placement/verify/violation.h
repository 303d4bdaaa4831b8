// How what examines answers says what is wrong with them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "placement/problem/problem.h"

namespace allot {

template <typename... Parts>
absl::Status Violation(const Parts&... parts) {
  return absl::FailedPreconditionError(absl::StrCat(parts...));
}
// Of memory, which an answer may exceed without any other fault.
template <typename... Parts>
absl::Status ExcessOfMemory(const Parts&... parts) {
  return absl::ResourceExhaustedError(absl::StrCat(parts...));
}

inline std::string NameOf(const PlacementProblem& problem, ItemId item) {
  return absl::StrCat("item ", item.index(), " '", problem.items[item].name, "'");
}
inline std::string NameOf(const PlacementProblem& problem, DeviceId device) {
  return absl::StrCat("device '", problem.devices[device].name, "'");
}

}  // namespace allot
