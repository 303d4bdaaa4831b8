// `allot train-proposer`: a program inside allot that learns where nodes belong on a module of
// chips.
#pragma once

#include "absl/status/status.h"

namespace allot {

// Takes its own name as argv[0]; an error is for the caller to print.
absl::Status TrainProposerCommand(int argc, const char* const* argv, int& exit_status);

}  // namespace allot
