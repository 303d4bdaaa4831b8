// What the programs find by name: the built-in things, and GLPK's solver where it was built.
#pragma once

#include "api/registries.h"

namespace allot {

Registries ProgramRegistries();

}  // namespace allot
