#include "tools/program_registries.h"

#ifdef ALLOT_WITH_GLPK
#include "placement/glpk/add_milp_solver.h"
#include "placement/glpk/exact_rows.h"
#endif

namespace allot {

Registries ProgramRegistries() {
  Registries registries = BuiltinRegistries();
#ifdef ALLOT_WITH_GLPK
  AddMilpSolver(registries.solvers);
#endif
  return registries;
}

Kinds ProgramKinds() {
  Kinds kinds = BuiltinKinds();
#ifdef ALLOT_WITH_GLPK
  AddExactRows(kinds);
#endif
  return kinds;
}

}  // namespace allot
