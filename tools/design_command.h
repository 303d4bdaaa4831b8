// `allot design`: which accelerator of a space, and how models run on many of it. A program inside
// allot (subcommand.h).
#pragma once

#include "absl/status/status.h"

namespace allot {

absl::Status DesignCommand(int argc, const char* const* argv, int& exit_status);

}  // namespace allot
