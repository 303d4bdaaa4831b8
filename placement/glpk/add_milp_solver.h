// What this folder, a library of its own for its licence (GLPK is under GPL-3), adds to Allot.
#pragma once

#include "placement/solver.h"

namespace allot {

// Adds the solver "milp".
void AddMilpSolver(Registry<PlacementSolver>& solvers);

}  // namespace allot
