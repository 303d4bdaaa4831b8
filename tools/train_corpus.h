// The models of a user that a proposer learns from (train_command.h).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "api/compile_options.h"
#include "placement/kinds/chips/training/families.h"

namespace allot {

struct CorpusOptions {
  std::vector<std::string> places;   // folders, or files
  std::vector<std::string> targets;  // modules that ONNX and MLIR files are planned on
  CompileOptions compile;            // sizes of theirs, and costs
};

// All that can be learned from, by the names of files: each model in ONNX or MLIR (*.onnx, *.mlir)
// once for each target, problems of chips and published graphs (*.json), of the latter with as many
// chips as their size asks for. Other files of JSON are passed over. What cannot be used is said in
// a line on standard error and left out, so that one bad file does not cost the rest; a place that
// is not there, or has nothing to learn from, is an error, and so is a target that is no module.
absl::StatusOr<std::vector<chips::MadeModel>> ReadCorpus(const CorpusOptions& options);

}  // namespace allot
