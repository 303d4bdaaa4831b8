// Tables of measured times: RFC 4180 with comments, columns in any order.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "target/cost_models/measured.h"

namespace allot {

// Columns `node,device,time_us`, and optionally `bytes`, `fused_into`, `what` and `to`; docs in
// cost-model.md. Lines that start with '#' are comments, unless a quoted field spans them. All
// errors are found; the Status holds the first, as "FILE:LINE: ...", and their number. O(n log n).
absl::StatusOr<MeasuredCosts> ReadCostsCsv(absl::string_view text, std::string file);

}  // namespace allot
