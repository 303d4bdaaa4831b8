// The input of PHAZE's placement program: layers and edges for each tensor width.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "placement/kinds/pipelines/formats/draft.h"
#include "support/json.h"

namespace allot::pipelines {

bool IsPublishedJson(const Json& document);

// All errors are found. Members that the program does not read are passed over; a fraction of a
// microbatch is dropped, as it does.
absl::StatusOr<Draft> ReadPublishedJson(const Json& document, const std::string& file);

}  // namespace allot::pipelines
