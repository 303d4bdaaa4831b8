// What every program does around its work: one line for whatever goes wrong.
#pragma once

#include <functional>

#include "absl/status/status.h"

namespace allot {

// The `main` of a program. Returns the exit status: what `run` sets, or 1 if it failed, if what it
// printed did not arrive, or if it threw. An error is one line on standard error, "error: ...". So
// is an end that cannot be come back from, with status 1 too: memory that is exhausted, in any
// thread, and a file that was shortened while it was read.
int RunProgram(int argc, char** argv,
               const std::function<absl::Status(int argc, char** argv, int& exit_status)>& run);

}  // namespace allot
