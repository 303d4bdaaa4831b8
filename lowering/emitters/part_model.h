// A part as an ONNX file of its own.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lowering/emitter.h"

namespace allot {

// The part as the file `name`, and its own data if it has slices of external data
// (external_data.h). The same bytes whoever asks, under the same name. Tensors that lie in the
// model file are ranges of it.
absl::StatusOr<std::vector<OutputFile>> PartFiles(const EmitInput& input, const Piece& piece,
                                                  const std::string& name);

}  // namespace allot
