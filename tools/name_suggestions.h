// Tells a command line the names that its flags are about, for completion.
#pragma once

#include <string>
#include <vector>

#include "api/registries.h"
#include "tools/command_line.h"

namespace allot {

// The solvers that place a model, in their order: all but those that take problems in calls alone.
std::vector<std::string> SolversOfItems(const Registry<PlacementSolver>& solvers);

// Of --target, --solver, --cost-model, --emit, --print-ir-before and --print-ir-after, as far as
// `line` has them.
void SuggestNames(CommandLine& line, const Registries& registries);

}  // namespace allot
