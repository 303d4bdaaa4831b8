// All that can be asked for by name, in one value that a program builds and hands to Compile().
// What a program or a plug-in adds is found exactly as the built-in things are.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lowering/emitter.h"
#include "operators/operators.h"
#include "passes/pipeline/registry.h"
#include "placement/solver.h"
#include "support/registry.h"
#include "target/cost_model.h"

namespace allot {

// A library that LoadPlugin() opened.
struct LoadedPlugin {
  std::string path, name, version;
  std::shared_ptr<void> library;
};

struct Registries {
  PassRegistry passes;
  Registry<PlacementSolver> solvers;
  Registry<CostModel> cost_models;
  Registry<Emitter> emitters;
  Operators operators;
  std::vector<LoadedPlugin> plugins;
};

// The built-in ones. GLPK's solver is not among them: placement/glpk/add_milp_solver.h adds it.
Registries BuiltinRegistries();

}  // namespace allot
