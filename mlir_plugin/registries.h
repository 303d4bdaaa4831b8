// Everything with a name that the passes know.
#pragma once

#include "api/registries.h"

namespace allot {

// As the programs have them: with GLPK's solver where the build has it.
Registries PluginRegistries();

}  // namespace allot
