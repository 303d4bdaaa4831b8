// The inputs of Piper (msr-fiddle/piper), as published.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "placement/kinds/stages/formats/draft.h"
#include "support/json.h"

namespace allot {

bool IsPiperJson(const Json& document);
// Keys that mean nothing here are ignored. A layer's number is its place in the order of the ids.
absl::StatusOr<StagesDraft> ReadPiperJson(const Json& document, const std::string& file);

}  // namespace allot
