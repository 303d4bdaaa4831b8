// The model's external data beside the files that refer to it.
//
// ONNX Runtime takes external data only from the folder of the ONNX file or below it; links into
// another folder satisfy it without a copy if they are hard ones. So each data file is linked into
// the output folder under the location that the model uses.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lowering/emitter.h"

namespace allot {

// The data files that `graphs` (with their bodies) and the functions use, each once, in order of
// first use; none if the data is embedded or in reach already. `folder`, "" or "name/", is where
// the ONNX files lie in the output folder.
absl::StatusOr<std::vector<OutputFile>> LinkedExternalData(
    const EmitInput& input, const std::vector<const ir::Graph*>& graphs,
    const std::string& folder = "");

}  // namespace allot
