// The numbers of published instances: milliseconds and counts as floating point, flags as 0 and 1.
// Each reports what is wrong at its place and then leaves the value alone.
#pragma once

#include "support/json_reader.h"
#include "support/units.h"

namespace allot {

// Milliseconds, rounded to the nearest picosecond. `key` is only where it stands.
bool ReadMillis(JsonReader& reader, absl::string_view key, const Json& json, Picos& time);
// The same of a member that must exist.
bool RequireMillis(JsonReader& reader, absl::string_view key, Picos& time);

// A non-negative number of a member that must exist, at most 2^60.
bool RequireSize(JsonReader& reader, absl::string_view key, double& size);
// A whole number from 0 to `most`; 5.0 is one.
bool RequireCount(JsonReader& reader, absl::string_view key, int64_t most, int64_t& count);
// true, false, 0 or 1; may be absent.
bool ReadFlag(JsonReader& reader, absl::string_view key, bool& flag);

}  // namespace allot
