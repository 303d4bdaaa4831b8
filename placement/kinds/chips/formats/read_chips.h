// A problem of chips from any file that can be one.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"

#include "placement/kinds/chips/model/problem.h"
#include "support/json.h"

namespace allot::chips {

bool HasChipsSchema(const Json& document);

// In our schema, or a published graph. Flags, by name (chips_json.h), override what the file says;
// of a published graph cheap nodes are copied.
absl::StatusOr<Problem> ReadChips(const Json& document, const std::string& file,
                                  const std::map<std::string, std::string>& flags);

}  // namespace allot::chips
