#include "placement/solver.h"

namespace allot {

#define ALLOT_SOLVER(name) Entry<PlacementSolver> name##Entry();
#include "placement/solvers/registry.def"
#undef ALLOT_SOLVER

Registry<PlacementSolver> BuiltinSolvers() {
  Registry<PlacementSolver> registry;
#define ALLOT_SOLVER(name) registry.Add(name##Entry());
#include "placement/solvers/registry.def"
#undef ALLOT_SOLVER
  return registry;
}

}  // namespace allot
