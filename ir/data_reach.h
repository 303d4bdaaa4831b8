// Which files a model may take its data from.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace allot::ir {

// Where links lead: the real path of a data file must lie in the model's folder, or in the folder
// of the model's own real path, below one of them. (Caches keep models as links to files that lie
// in one folder with their data.) So no model can reach for other files of whoever reads it. OK if
// there is no such file. `folder` is the model's, "" the current one; `model` is its name there, ""
// if it has none.
absl::Status CheckReach(const std::string& folder, const std::string& model,
                        const std::string& location);

}  // namespace allot::ir
