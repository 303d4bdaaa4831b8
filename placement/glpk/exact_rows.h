// Rows layer by layer, each proved the best for the rest of the division.
#pragma once

#include "placement/kinds/kind.h"

namespace allot {

// Gives the kind `rows` among `kinds` the solver "milp".
void AddExactRows(Kinds& kinds);

}  // namespace allot
