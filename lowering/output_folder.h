// Puts files into a folder whole or not at all.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "lowering/emitter.h"

namespace allot {

// Writes into a temporary folder beside `folder`, then renames. If `folder` exists already, each
// file is renamed into it, files that an earlier manifest.json there lists and this run does not
// write are removed, and anything else is left alone. On error nothing new is left behind.
absl::Status WriteOutputFolder(const std::string& folder, const std::vector<OutputFile>& files);

}  // namespace allot
