// A program's manual page in roff, made from its flags: what `man allot` shows.
#pragma once

#include <string>
#include <vector>

#include "tools/command_line.h"

namespace allot {

// `subcommands`: words that may stand in front of all flags.
std::string Manual(const CommandLine& line, const std::vector<CommandWord>& subcommands);

}  // namespace allot
