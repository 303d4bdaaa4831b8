// The stages that `allot design` has found, as ONNX files.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "api/prepared_model.h"
#include "design/report/result_json.h"

namespace allot {

// Names of folders for the files of models, of their paths: "decoder" for "models/decoder.onnx",
// with a number behind it where another model has that name.
std::vector<std::string> StageFolders(const std::vector<std::string>& paths);

// Writes the stages of a model of the report into `folder`: each stage of the best accelerator's
// pipeline as a model of its own, the whole one annotated with them, manifest.json and plan.json,
// as `allot MODEL -o` writes them for a machine of which each device is a stage. A node is in the
// stage of the layer that it lies in; what a runtime fuses, and what cannot be cut, is in the last
// stage that it reaches. `dims` and `default_dim` as CompileOptions has them. Error where the
// weights, as they are stored, do not fit.
absl::Status WriteStages(const design::Report& report, size_t model, const PreparedModel& prepared,
                         const std::vector<std::string>& dims, int64_t default_dim,
                         const std::string& folder);

}  // namespace allot
