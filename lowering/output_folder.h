// Puts files into a folder whole or not at all.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "lowering/emitter.h"

namespace allot {

// Writes `files` into `folder`, which is made if it is missing, and replaces what an earlier run
// wrote there; see folder_switch.h for how, and for what a killed run leaves. Runs into one folder
// at the same time wait for each other, for a minute at most.
//
// A small record in the folder (folder_record.h) tells which files are Allot's. Only these are
// replaced, and only if they are unchanged; of the emitters that run again those that are not
// written any more are removed. Outputs of other emitters stay. If a file is in the way that Allot
// did not write, or that was changed since, nothing is written and the error names it, unless
// `force` says to replace it. Never replaced are what the new files are made from, any of
// `protected_files` (see SourceFiles), and what is no file.
//
// On error nothing new is left behind and nothing old is gone.
absl::Status WriteOutputFolder(const std::string& folder, const std::vector<OutputFile>& files,
                               const std::vector<std::string>& protected_files = {},
                               bool force = false);

}  // namespace allot
