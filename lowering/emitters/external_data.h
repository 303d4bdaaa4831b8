// The model's external data beside the files that refer to it.
//
// ONNX Runtime takes external data only from the folder of the ONNX file or below it, and not
// through links that lead elsewhere. A hard link would satisfy it, but whoever writes to that file
// changes the original, and ONNX's checker refuses it. So each data file is copied into the output
// folder under the location that the model uses.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lowering/emitter.h"

namespace allot {

// The data files that `graphs` (with their bodies) and the functions use, each once, in order of
// first use; none if the data is embedded or in reach already. `folder`, "" or "name/", is where
// the ONNX files lie in the output folder.
absl::StatusOr<std::vector<OutputFile>> CopiedExternalData(
    const EmitInput& input, const std::vector<const ir::Graph*>& graphs,
    const std::string& folder = "");

}  // namespace allot
