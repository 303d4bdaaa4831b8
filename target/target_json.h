// Targets as JSON, schema "allot.target/1"; docs/target.md is the reference.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "support/diagnostics.h"
#include "target/target.h"

namespace allot {

inline constexpr absl::string_view kTargetSchema = "allot.target/1";
inline constexpr size_t kMaxDevices = 128;

// Reads a target and computes its routes. All errors are found, not only the first; each says
// where ("t.target.json: devices[2].name"). The Status holds the first and their number.
absl::StatusOr<Target> ParseTarget(absl::string_view text, std::string file_name);
// The same; every error goes to `diagnostics` too.
absl::StatusOr<Target> ParseTarget(absl::string_view text, std::string file_name,
                                   Diagnostics& diagnostics);

// The canonical text: members in the order of the reference, defaults left out, quantities in their
// shortest exact form. Ends with a newline. ParseTarget() of it gives an equal target, but for
// Rule::text and for routes that were not built from links.
std::string PrintTarget(const Target& target);

}  // namespace allot
