// Checks of a finished cut that share no code with the cutting.
#pragma once

#include "absl/status/status.h"

#include "ir/module.h"
#include "lowering/bundle.h"

namespace allot {

// Every tensor has one producer, every input of a piece is produced or a model input, the pieces
// form no cycle, only ranked tensors cross between pieces, both sides agree on their types, and
// every placed node is in exactly one piece. Linear.
absl::Status VerifyBundle(const ir::Module& module, const Bundle& bundle);

}  // namespace allot
