// Folders in which files wait until they are put in place: ".allot-XXXXXX", locked by the run that
// made them. One whose lock nobody holds was left behind by a run that was killed.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "lowering/open_file.h"

namespace allot {

class TemporaryFolder {
 public:
  // In `parent`. `names`, relative to new_files(), are the only files there that may be removed
  // with it, but for further links to files that are elsewhere too.
  static absl::StatusOr<std::unique_ptr<TemporaryFolder>> Make(const std::filesystem::path& parent,
                                                               const std::set<std::string>& names);
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  // Removes it, unless a switch is left half done in it (see folder_switch.h) or there is a file in
  // it that nobody knows of.
  ~TemporaryFolder();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path new_files() const { return NewFiles(path_); }

  static std::filesystem::path NewFiles(const std::filesystem::path& path) { return path / "new"; }
  // Holds what was set aside, named by numbers.
  static std::filesystem::path OldFiles(const std::filesystem::path& path) { return path / "old"; }
  // Is there while a switch is under way.
  static std::filesystem::path Journal(const std::filesystem::path& path) {
    return path / "switch.json";
  }

 private:
  TemporaryFolder(std::filesystem::path path, OpenFile lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  OpenFile lock_;
};

// Of the temporary folders in `parent` that no run holds: finishes a switch that was interrupted,
// by `finish`, then removes them. Without `finish` those with a switch are left to runs into
// `parent`.
absl::Status RemoveAbandoned(
    const std::filesystem::path& parent,
    absl::Status (*finish)(const std::filesystem::path& parent,
                           const std::filesystem::path& temporary) = nullptr);

}  // namespace allot
