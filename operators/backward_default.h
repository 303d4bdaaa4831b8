// The backward pass of operators that nobody has a rule for.
#pragma once

#include <cstdint>
#include <vector>

#include "operators/backward.h"

namespace allot {

// All operands that can have a gradient get one, for twice the operations of the forward pass, and
// all that is no constant is kept, results too: more than most operators need, so what is planned
// fits.
Backward DefaultBackward(const OpView& view, const std::vector<bool>& wanted, int64_t operations);

// Whether a value can have a gradient: a tensor of floating point numbers of 16 bits or more.
bool IsDifferentiable(const ir::Type& type);

// An answer with nothing in it, of the sizes of the node.
Backward NoBackward(const OpView& view);

}  // namespace allot
