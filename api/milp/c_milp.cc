#include "api/c/options.h"
#include "api/milp/allot_milp.h"
#include "placement/glpk/add_milp_solver.h"

extern "C" allot_status* allot_options_add_milp(allot_options* options) {
  return allot::capi::EditRegistries(options, [](allot::Registries& registries) {
    allot::AddMilpSolver(registries.solvers);
    return absl::OkStatus();
  });
}
