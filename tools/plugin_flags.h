// --load-pass-plugin, as opt and mlir-opt call it, and --load-plugin for plug-ins of any kind.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "api/registries.h"
#include "tools/command_line.h"

namespace allot {

// Loads what the command line asks for, in its order, before it is parsed: what plug-ins register
// are flags and names of their own. Arguments of another kind are left to the parser, which also
// judges a flag without a value. Errors begin with the flag.
absl::Status LoadPlugins(int argc, const char* const* argv, Registries& registries);

// The same flags for the parser and --help; `paths` becomes what they were given.
void DeclarePluginFlags(CommandLine& line, std::vector<std::string>& paths);

}  // namespace allot
