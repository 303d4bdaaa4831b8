// Replaces files of a folder by new ones all at once.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace allot {

struct FolderChange {
  // In the order in which readers want them: what lists the others comes last.
  std::vector<std::string> put;
  std::vector<std::string> remove;
  // Names of the files that are Allot's, before and after.
  std::set<std::string> own;
  // SHA-256 of files that are replaced or removed.
  std::map<std::string, std::string> replaced;
  // Writes the files of `put` into an empty folder.
  std::function<absl::Status(const std::filesystem::path& stage)> stage;
};

// Makes the change in `folder`, an existing folder by its canonical path, which the caller has
// locked.
//
// Where that can be done, a copy of the folder is made beside it, of new files and of further links
// to the others, and both are exchanged by one rename: whoever is killed, the folder is the old one
// or the new one. It cannot be done for the root of a file system, for the working folder or one
// around it, and if there is more of others in it than a thousand files and folders, access lists,
// or another file system. Then the files are renamed one after the
// other; the manifest is away meanwhile, and a journal lets the next run finish.
//
// On error the folder is as it was.
absl::Status ChangeFolder(const std::filesystem::path& folder, const FolderChange& change);

// Finishes what a killed run began in `folder`; for RemoveAbandoned(). An error if files were
// changed since then.
absl::Status FinishChange(const std::filesystem::path& folder,
                          const std::filesystem::path& temporary);

}  // namespace allot
