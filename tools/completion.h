// Scripts that complete a program's command lines in a shell, made from its flags:
//   source <(allot-opt --print-completion=bash)
#pragma once

#include <string>
#include <vector>

#include "tools/command_line.h"

namespace allot {

std::vector<std::string> CompletionShells();

// `shell` is one of them. `subcommands` may stand as the first word.
std::string Completion(const CommandLine& line, const std::string& shell,
                       const std::vector<std::string>& subcommands);

}  // namespace allot
