// A plan that trains, as a person reads it in a terminal.
#pragma once

#include <string>

#include "api/compilation.h"

namespace allot {

// The iteration and its bounds, a row for each stage, and what one would do by hand.
std::string TrainingReport(const Compilation& compilation, const std::string& model_path,
                           const std::string& folder);

}  // namespace allot
