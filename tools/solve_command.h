// What allot-solve does: a problem as numbers in, an answer with its bound out.
#pragma once

#include "absl/status/status.h"

#include "placement/kinds/kind.h"

namespace allot {

// Runs the command line for problems of these kinds. Prints what is asked for to standard output.
// An error is to be printed; without one the program ends with `exit_status`, 1 if nothing was
// found.
absl::Status RunSolveCommand(int argc, const char* const* argv, const Kinds& kinds,
                             int& exit_status);

}  // namespace allot
