// Puts files into a folder whole or not at all.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "lowering/emitter.h"

namespace allot {

// Writes into a temporary folder, beside `folder` or, if that exists already, inside it; then
// renames. In a folder that exists, files that an earlier manifest.json there lists and this run
// does not write are removed (linked external data only while another link to it exists), and
// anything else is left alone. Refuses to replace a file that the new ones are made from, or any of
// `protected_files` (see SourceFiles). A linked file that is in place already is left as it is. On
// error nothing new is left behind and nothing old is gone.
absl::Status WriteOutputFolder(const std::string& folder, const std::vector<OutputFile>& files,
                               const std::vector<std::string>& protected_files = {});

}  // namespace allot
