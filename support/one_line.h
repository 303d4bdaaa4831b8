// Messages about what somebody else has named: names in files may hold anything, also what moves a
// terminal's cursor.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace allot {

// The message with its control characters escaped: "\n", "\x1b".
std::string OneLine(absl::string_view message);
absl::Status OneLine(const absl::Status& status);

}  // namespace allot
