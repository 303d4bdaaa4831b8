// Sample machines, compiled in from target/samples/*.json.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace allot {

// In alphabetical order.
std::vector<std::string> BuiltinTargetNames();

// The JSON text of a target, as ParseTarget() reads it. An unknown name is an error that lists the
// known ones.
absl::StatusOr<std::string> BuiltinTargetText(absl::string_view name);

}  // namespace allot
