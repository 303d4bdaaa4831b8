// A model as the problem that is searched when it is placed on a module of chips, for who learns
// from models.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "api/compile_options.h"
#include "passes/problem/chip_module.h"
#include "support/diagnostics.h"

namespace allot {

// Reads `model_path`, ONNX or MLIR, and runs what Compile() runs before it searches. The target
// must be a module of chips; of the other options those count that are about the model and its
// costs. The problem has no name. Errors: those of reading, of options, of MakeChipsOfPlan(); a
// model without nodes. Weights need not be there: their sizes are enough.
absl::StatusOr<chips::Problem> ChipProblemOf(const std::string& model_path,
                                             const CompileOptions& options,
                                             Diagnostics& diagnostics);

}  // namespace allot
