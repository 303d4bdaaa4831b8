// All that a plug-in in C++ includes: the five doors, and the function that it exports.
#pragma once

#include "api/plugin_info.h"  // IWYU pragma: export
#include "api/registries.h"   // IWYU pragma: export
#include "support/options.h"  // IWYU pragma: export
#include "support/status.h"   // IWYU pragma: export
