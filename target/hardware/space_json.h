// Spaces of accelerators as JSON, and those that are built in.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "support/json.h"
#include "target/hardware/space.h"

namespace allot::hardware {

inline constexpr absl::string_view kSpaceSchema = "allot.space/1";
inline constexpr absl::string_view kAcceleratorSchema = "allot.accelerator/1";

// All errors are found; each says where.
absl::StatusOr<Space> ParseSpace(absl::string_view text, const std::string& file);

// A file, or the name of a built-in one.
absl::StatusOr<Space> LoadSpace(const std::string& file_or_name);
std::vector<std::string> BuiltinSpaceNames();

// The members of a configuration in the order of the table that --list prints.
Json::Object ConfigurationJson(const SizedConfiguration& sized);

}  // namespace allot::hardware
