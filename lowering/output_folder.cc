#include "lowering/output_folder.h"

#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

#include "lowering/file_copy.h"
#include "support/json.h"
#include "support/status.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

constexpr char kManifest[] = "manifest.json";

// Names that stay below the folder they are relative to.
bool IsInside(const std::string& name) {
  if (name.empty() || name.find('\0') != std::string::npos) return false;
  for (absl::string_view part : absl::StrSplit(name, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

absl::Status Failed(int error, absl::string_view what, const fs::path& path) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", what, " '", path.string(), "'"));
}

// Removes what it was told of when it goes out of scope: the temporary folder with all it holds,
// and folders made on the way if nothing came to lie in them.
class Scaffold {
 public:
  Scaffold() = default;
  Scaffold(const Scaffold&) = delete;
  Scaffold& operator=(const Scaffold&) = delete;
  ~Scaffold() {
    std::error_code ignored;
    if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
    for (auto it = made_.rbegin(); it != made_.rend(); ++it) ::rmdir(it->c_str());
  }

  // Makes `folder` and its missing parents.
  absl::Status MakeFolders(const fs::path& folder) {
    if (folder.empty()) return absl::OkStatus();
    std::error_code error;
    if (fs::is_directory(folder, error)) return absl::OkStatus();
    ALLOT_RETURN_IF_ERROR(
        MakeFolders(folder.parent_path() == folder ? fs::path() : folder.parent_path()));
    if (::mkdir(folder.c_str(), 0777) != 0) {
      return Failed(errno, "make the folder", folder);
    }
    made_.push_back(folder);
    return absl::OkStatus();
  }

  absl::StatusOr<fs::path> MakeTemporary(const fs::path& prefix) {
    std::string name = prefix.string() + "XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
      return Failed(errno, "make a folder in",
                    prefix.parent_path().empty() ? fs::path(".") : prefix.parent_path());
    }
    temporary_ = name;
    return temporary_;
  }

  void KeepFolders() { made_.clear(); }

 private:
  fs::path temporary_;
  std::vector<fs::path> made_;
};

// Renames that can all be taken back.
class Renames {
 public:
  Renames() = default;
  Renames(const Renames&) = delete;
  Renames& operator=(const Renames&) = delete;
  ~Renames() {
    for (auto it = done_.rbegin(); it != done_.rend(); ++it) {
      ::rename(it->second.c_str(), it->first.c_str());
    }
  }
  absl::Status Rename(const fs::path& from, const fs::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return Failed(errno, "write", to);
    done_.emplace_back(from, to);
    return absl::OkStatus();
  }
  void Keep() { done_.clear(); }

 private:
  std::vector<std::pair<fs::path, fs::path>> done_;
};

// Where a file lies, without following it if it is a symbolic link itself.
fs::path PlaceOf(const fs::path& file) {
  std::error_code error;
  fs::path folder =
      fs::weakly_canonical(file.has_parent_path() ? file.parent_path() : fs::path("."), error);
  return error ? file : folder / file.filename();
}

void AddPlaces(const std::string& file, std::set<fs::path>& places) {
  places.insert(PlaceOf(file));
  std::error_code error;
  const fs::path target = fs::canonical(file, error);
  if (!error) places.insert(target);
}

absl::Status CheckNames(const std::vector<OutputFile>& files) {
  std::set<std::string> names;
  for (const OutputFile& file : files) {
    if (!IsInside(file.name)) {
      return InputError("the output file name '", file.name,
                        "' does not stay inside the output folder");
    }
    if (!names.insert(file.name).second) {
      return InputError("two output files are called '", file.name, "'");
    }
  }
  return absl::OkStatus();
}

struct EarlierFiles {
  std::vector<std::string> written, linked;
};

// What our own manifest in the folder lists; nothing if there is none or it is someone else's.
EarlierFiles ReadEarlierManifest(const fs::path& folder) {
  EarlierFiles earlier;
  std::error_code error;
  constexpr uintmax_t kLargest = 256u << 20;
  const fs::path path = folder / kManifest;
  if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > kLargest || error) {
    return earlier;
  }
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  const absl::StatusOr<Json> manifest = ParseJson(text.str());
  if (!manifest.ok()) return earlier;
  const Json* schema = manifest->Find("schema");
  const std::string* schema_name = schema == nullptr ? nullptr : schema->If<std::string>();
  if (schema_name == nullptr || !absl::StartsWith(*schema_name, "allot.manifest/")) return earlier;
  const auto collect = [&](absl::string_view key, std::vector<std::string>& names) {
    const Json* list = manifest->Find(key);
    const Json::Array* array = list == nullptr ? nullptr : list->If<Json::Array>();
    if (array == nullptr) return;
    for (const Json& item : *array) {
      const std::string* name = item.If<std::string>();
      if (name != nullptr && IsInside(*name)) names.push_back(*name);
    }
  };
  collect("files", earlier.written);
  collect("external_data", earlier.linked);
  return earlier;
}

// Files of an earlier run that nobody will look for any more.
std::vector<std::string> StaleFiles(const fs::path& folder, const std::vector<OutputFile>& files,
                                    const std::set<fs::path>& protected_places) {
  std::set<std::string> kept;
  for (const OutputFile& file : files) kept.insert(file.name);
  const EarlierFiles earlier = ReadEarlierManifest(folder);
  std::vector<std::string> stale;
  const auto consider = [&](const std::string& name, nlink_t least_links) {
    struct stat about;
    const fs::path path = folder / name;
    if (::lstat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return;
    if (about.st_nlink < least_links || protected_places.count(PlaceOf(path)) > 0) return;
    // Not through a symbolic link to elsewhere.
    std::error_code error;
    const fs::path root = fs::canonical(folder, error);
    if (error || PlaceOf(path) != root / name) return;
    if (kept.insert(name).second) stale.push_back(name);
  };
  for (const std::string& name : earlier.written) consider(name, 1);
  for (const std::string& name : earlier.linked) consider(name, 2);
  return stale;
}

absl::Status Stage(const std::vector<const OutputFile*>& files, const fs::path& stage,
                   Scaffold& scaffold) {
  for (const OutputFile* file : files) {
    const fs::path path = stage / file->name;
    ALLOT_RETURN_IF_ERROR(scaffold.MakeFolders(path.parent_path()));
    ALLOT_RETURN_IF_ERROR(file->linked_from.empty()
                              ? WriteChunks(path.string(), file->name, file->chunks)
                              : LinkOrCopy(file->linked_from, path.string(), file->name));
  }
  return absl::OkStatus();
}

absl::Status MakeNewFolder(const fs::path& folder, const std::vector<const OutputFile*>& files) {
  Scaffold parents, inside;
  ALLOT_RETURN_IF_ERROR(parents.MakeFolders(folder.parent_path()));
  ALLOT_ASSIGN_OR_RETURN(const fs::path temporary,
                         parents.MakeTemporary(folder.parent_path() /
                                               absl::StrCat(".", folder.filename().string(), ".")));
  const fs::path stage = temporary / "out";  // a folder with the permissions of a usual one
  ALLOT_RETURN_IF_ERROR(inside.MakeFolders(stage));
  ALLOT_RETURN_IF_ERROR(Stage(files, stage, inside));
  if (::rename(stage.c_str(), folder.c_str()) != 0) return Failed(errno, "write", folder);
  inside.KeepFolders();
  parents.KeepFolders();
  return absl::OkStatus();
}

absl::Status AddToFolder(const fs::path& folder, const std::vector<const OutputFile*>& files,
                         const std::vector<std::string>& stale) {
  Scaffold scaffold, subfolders;
  ALLOT_ASSIGN_OR_RETURN(const fs::path temporary, scaffold.MakeTemporary(folder / ".allot."));
  const fs::path stage = temporary / "new", old = temporary / "old";
  Scaffold inside;
  ALLOT_RETURN_IF_ERROR(inside.MakeFolders(stage));
  ALLOT_RETURN_IF_ERROR(inside.MakeFolders(old));
  ALLOT_RETURN_IF_ERROR(Stage(files, stage, inside));

  Renames renames;
  size_t num_old = 0;
  const auto set_aside = [&](const fs::path& path) {
    return renames.Rename(path, old / absl::StrCat(num_old++));
  };
  for (const OutputFile* file : files) {
    const fs::path path = folder / file->name;
    ALLOT_RETURN_IF_ERROR(subfolders.MakeFolders(path.parent_path()));
    struct stat about;
    if (::lstat(path.c_str(), &about) == 0) {
      if (S_ISDIR(about.st_mode)) {
        return InputError("cannot write '", path.string(), "': it is a folder");
      }
      ALLOT_RETURN_IF_ERROR(set_aside(path));
    }
    ALLOT_RETURN_IF_ERROR(renames.Rename(stage / file->name, path));
  }
  for (const std::string& name : stale) ALLOT_RETURN_IF_ERROR(set_aside(folder / name));
  renames.Keep();
  subfolders.KeepFolders();
  for (const std::string& name : stale) {
    for (fs::path parent = fs::path(name).parent_path(); !parent.empty();
         parent = parent.parent_path()) {
      if (::rmdir((folder / parent).c_str()) != 0) break;  // not empty: others' files
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteOutputFolder(const std::string& folder_name, const std::vector<OutputFile>& files,
                               const std::vector<std::string>& protected_files) {
  ALLOT_RETURN_IF_ERROR(CheckNames(files));
  fs::path folder = fs::path(folder_name).lexically_normal();
  if (!folder.has_filename() && folder.has_relative_path()) folder = folder.parent_path();
  if (folder.empty()) folder = ".";
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (fs::exists(status) && !fs::is_directory(status)) {
    return InputError("'", folder_name, "' exists and is no folder; give another output folder");
  }
  if (error && status.type() != fs::file_type::not_found) {
    return Failed(error.value(), "reach the output folder", folder);
  }

  std::set<fs::path> protected_places;
  for (const std::string& file : protected_files) AddPlaces(file, protected_places);
  for (const OutputFile& file : files) {
    if (!file.linked_from.empty()) AddPlaces(file.linked_from, protected_places);
    std::string previous;
    for (const FileChunk& chunk : file.chunks) {
      if (!chunk.source.empty() && chunk.source != previous) {
        AddPlaces(chunk.source, protected_places);
        previous = chunk.source;
      }
    }
  }
  // The manifest last: whoever waits for it finds all that it lists.
  std::vector<const OutputFile*> to_write;
  for (const OutputFile& file : files) {
    const fs::path place = PlaceOf(folder / file.name);
    if (protected_places.count(place) > 0) {
      std::set<fs::path> own;
      if (!file.linked_from.empty()) AddPlaces(file.linked_from, own);
      if (own.count(place) > 0) continue;
      return InputError("writing '", (folder / file.name).string(),
                        "' would replace a file that the model is read from; give another output "
                        "folder");
    }
    to_write.push_back(&file);
  }
  std::stable_partition(to_write.begin(), to_write.end(),
                        [](const OutputFile* file) { return file->name != kManifest; });
  if (!fs::exists(status)) return MakeNewFolder(folder, to_write);
  return AddToFolder(folder, to_write, StaleFiles(folder, files, protected_places));
}

}  // namespace allot
