// A part as an ONNX file of its own.
#pragma once

#include <vector>

#include "absl/status/statusor.h"

#include "lowering/emitter.h"

namespace allot {

// The same bytes whoever asks. Tensors that lie in the model file are ranges of it.
absl::StatusOr<std::vector<FileChunk>> PartModel(const EmitInput& input, const Piece& piece);

}  // namespace allot
