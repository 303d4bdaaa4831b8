// How large the numbers of a problem may be.
#pragma once

#include <limits>
#include <string>

#include "absl/status/status.h"

#include "support/status.h"
#include "support/units.h"

namespace allot {

// All durations of a problem together stay below this, so that no sum of them can overflow.
inline constexpr int64_t kMaxTotal = std::numeric_limits<int64_t>::max() / 4;

inline absl::Status CheckTime(Picos time, const std::string& where) {
  if (time < 0) return InputError(where, " is negative (", time, " ps)");
  if (time > kMaxTotal) return InputError(where, " is too long (", time, " ps)");
  return absl::OkStatus();
}

}  // namespace allot
