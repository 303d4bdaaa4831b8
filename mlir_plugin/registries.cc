#include "mlir_plugin/registries.h"

#ifdef ALLOT_WITH_GLPK
#include "placement/glpk/add_milp_solver.h"
#endif

namespace allot {

Registries PluginRegistries() {
  Registries registries = BuiltinRegistries();
#ifdef ALLOT_WITH_GLPK
  AddMilpSolver(registries.solvers);
#endif
  return registries;
}

}  // namespace allot
