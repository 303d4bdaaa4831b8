// `allot run ...`, `profile`, `target`, `tune`, `view`: programs of their own, which the driver
// finds and becomes; and those inside the driver (plan_commands.h).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "tools/command_line.h"

namespace allot {

// What --help says of them.
std::string SubcommandHelp();
std::vector<std::string> SubcommandNames();
std::vector<CommandWord> SubcommandWords();

// True for "run" and the like. A model of that name is given as "./run".
bool IsSubcommand(absl::string_view name);

// The one inside the driver, or nullptr: it has to be executed. It gets its own name as argv[0] and
// may set the exit status.
using SubcommandFunction = absl::Status (*)(int argc, const char* const* argv, int& exit_status);
SubcommandFunction FindSubcommand(absl::string_view name);

// Replaces this process by `allot-NAME`, NAME being argv[1], with the arguments after it unchanged.
// Looks in the folder of this program, links to it followed, then in the folders that `path`
// ("/usr/local/bin:/usr/bin") lists. Returns only if that fails, with what is missing and the
// remedy.
absl::Status ExecSubcommand(char* const* argv, absl::string_view path);

}  // namespace allot
