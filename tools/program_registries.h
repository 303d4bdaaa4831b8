// What the programs find by name: the built-in things, and GLPK's solver where it was built.
#pragma once

#include "api/registries.h"
#include "placement/kinds/kind.h"

namespace allot {

Registries ProgramRegistries();
// Likewise the kinds of problems, with their solvers.
Kinds ProgramKinds();

}  // namespace allot
