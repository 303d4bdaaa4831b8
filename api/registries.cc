#include "api/registries.h"

namespace allot {

Registries BuiltinRegistries() {
  return {.passes = BuiltinPasses(),
          .solvers = BuiltinSolvers(),
          .cost_models = BuiltinCostModels(),
          .emitters = BuiltinEmitters(),
          .operators = BuiltinOperators()};
}

}  // namespace allot
