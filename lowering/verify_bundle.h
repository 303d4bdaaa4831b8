// Checks of a finished cut that share no code with the cutting.
#pragma once

#include "absl/status/status.h"

#include "lowering/bundle.h"

namespace allot {

// Every tensor has one producer, every input of a piece is produced or a model input, the pieces
// form no cycle and have outputs, only ranked tensors cross between them, both sides agree on their
// types, and nothing is in two pieces but what both
// compute by themselves. O(n log n).
absl::Status VerifyBundle(const Bundle& bundle);

}  // namespace allot
