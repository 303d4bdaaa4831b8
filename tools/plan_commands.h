// `allot explain`, `allot diff` and `allot check`: programs inside allot that read plan.json.
//
// Each takes its own name as argv[0]. Results go to standard output. An error is returned, for the
// caller to print to standard error, and nothing has been printed then; so whoever gets exit status
// 1 from `diff` or `check` knows a difference by what stands on standard output.
#pragma once

#include "absl/status/status.h"

namespace allot {

absl::Status ExplainCommand(int argc, const char* const* argv, int& exit_status);
// Exit status 1: the plans differ.
absl::Status DiffCommand(int argc, const char* const* argv, int& exit_status);
absl::Status CheckCommand(int argc, const char* const* argv, int& exit_status);

}  // namespace allot
