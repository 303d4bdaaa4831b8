// Tells a command line the names that its flags are about, for completion.
#pragma once

#include "api/registries.h"
#include "tools/command_line.h"

namespace allot {

// Of --target, --solver, --cost-model, --emit, --print-ir-before and --print-ir-after, as far as
// `line` has them.
void SuggestNames(CommandLine& line, const Registries& registries);

}  // namespace allot
