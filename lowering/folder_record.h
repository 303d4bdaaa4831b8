// What Allot wrote into an output folder: kept there in a small file, so that the next run knows
// which files are Allot's own and unchanged.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lowering/emitter.h"

namespace allot {

// Lies in every output folder.
inline constexpr char kFolderRecord[] = ".allot-files.json";

struct RecordedFile {
  FileDigest digest;
  std::vector<std::string> emitters;  // whose output it is

  friend bool operator==(const RecordedFile&, const RecordedFile&) = default;
};

// By name relative to the folder.
using FolderRecord = std::map<std::string, RecordedFile>;

// Whether the name stays below the folder that it is relative to.
bool StaysInside(const std::string& name);

// Of the folder; empty if there is none, or if it is no record of ours. Names that leave the folder
// are left out.
FolderRecord ReadFolderRecord(const std::string& folder);
// The same of the text of the file.
FolderRecord ParseFolderRecord(absl::string_view text);
std::string PrintFolderRecord(const FolderRecord& record);

}  // namespace allot
