#include "lowering/temporary_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "lowering/folder_record.h"
#include "support/json.h"
#include "support/status.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = ".allot-";
constexpr size_t kRandom = 6;  // characters behind it
constexpr char kContents[] = "contents.json";
constexpr char kSchema[] = "allot.temporary/1";

absl::Status CannotMake(int error, const fs::path& parent) {
  return absl::ErrnoToStatus(error,
                             absl::StrCat("cannot make a folder in '", parent.string(), "'"));
}

std::string ReadAll(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// The names that may be removed; none if the run was killed before it had written them, and nothing
// else.
std::set<std::string> ReadContents(const fs::path& folder) {
  std::set<std::string> names;
  const absl::StatusOr<Json> json = ParseJson(ReadAll(folder / kContents));
  if (!json.ok()) return names;
  const Json* files = json->Find("files");
  const Json::Array* array = files == nullptr ? nullptr : files->If<Json::Array>();
  if (array == nullptr) return names;
  for (const Json& item : *array) {
    const auto* name = item.If<std::string>();
    if (name != nullptr && StaysInside(*name)) names.insert(*name);
  }
  return names;
}

bool IsNumber(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return absl::ascii_isdigit(c); });
}

// All but what nobody knows of.
void RemoveKnown(const fs::path& folder) {
  const std::set<std::string> names = ReadContents(folder);
  const fs::path new_files = TemporaryFolder::NewFiles(folder),
                 old_files = TemporaryFolder::OldFiles(folder);
  std::vector<fs::path> folders;
  bool all = true;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    const fs::path& path = it->path();
    struct stat about;
    if (::lstat(path.c_str(), &about) != 0) continue;
    if (S_ISDIR(about.st_mode)) {
      folders.push_back(path);
      if ((about.st_mode & 0700) != 0700) ::chmod(path.c_str(), about.st_mode | 0700);
      continue;
    }
    if (path == folder / kContents) continue;
    const bool known = path == TemporaryFolder::Journal(folder) || about.st_nlink > 1 ||
                       names.count(path.lexically_relative(new_files).string()) > 0 ||
                       (path.parent_path() == old_files && IsNumber(path.filename().string()));
    if (!known || ::unlink(path.c_str()) != 0) all = false;
  }
  for (auto path = folders.rbegin(); path != folders.rend(); ++path) ::rmdir(path->c_str());
  // Last: without it the next run would not know what the rest is.
  if (all) ::unlink((folder / kContents).c_str());
  ::rmdir(folder.c_str());
}

bool IsTemporaryName(const std::string& name) {
  return absl::StartsWith(name, kPrefix) && name.size() == sizeof(kPrefix) - 1 + kRandom;
}

// Whether we made it: it says so, or is empty because its maker came no further.
bool IsOurs(const fs::path& folder) {
  std::error_code error;
  if (fs::is_empty(folder, error)) return !error;
  const fs::path contents = folder / kContents;
  if (fs::symlink_status(contents, error).type() != fs::file_type::regular) return false;
  const std::string text = ReadAll(contents);
  if (absl::StrContains(text, kSchema)) return true;
  // Its maker was killed while writing it.
  return std::distance(fs::directory_iterator(folder, error), fs::directory_iterator()) == 1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TemporaryFolder>> TemporaryFolder::Make(
    const fs::path& parent, const std::set<std::string>& names) {
  Json::Array files(names.begin(), names.end());
  const std::string contents =
      PrintJson(Json::Object{{"schema", kSchema}, {"files", std::move(files)}}) + "\n";
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    std::string name = (parent / (std::string(kPrefix) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) return CannotMake(errno, parent);
    OpenFile lock(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Another run may take it for abandoned before it is locked, and remove it: then once more.
    if (!lock.valid()) continue;
    ::flock(lock.get(), LOCK_EX | LOCK_NB);
    OpenFile file(
        ::open((name + "/" + kContents).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.valid() && errno == ENOENT) continue;
    std::unique_ptr<TemporaryFolder> folder(new TemporaryFolder(name, std::move(lock)));
    const auto size = static_cast<ssize_t>(contents.size());
    if (!file.valid() || ::write(file.get(), contents.data(), contents.size()) != size ||
        file.Close() != 0 || ::mkdir(folder->new_files().c_str(), 0777) != 0) {
      return CannotMake(errno, parent);
    }
    return folder;
  }
  return CannotMake(EBUSY, parent);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  if (!fs::exists(Journal(path_), error)) RemoveKnown(path_);
}

absl::Status RemoveAbandoned(const fs::path& parent,
                             absl::Status (*finish)(const fs::path& parent,
                                                    const fs::path& temporary)) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator it(parent, error), end; !error && it != end; it.increment(error)) {
    if (IsTemporaryName(it->path().filename().string())) folders.push_back(it->path());
  }
  std::sort(folders.begin(), folders.end());
  for (const fs::path& folder : folders) {
    const OpenFile lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat about;
    // Held by a run that is at work, or on a file system that knows no locks: leave it.
    if (!lock.valid() || ::fstat(lock.get(), &about) != 0 || about.st_uid != ::geteuid() ||
        ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0 || !IsOurs(folder)) {
      continue;
    }
    if (fs::exists(TemporaryFolder::Journal(folder), error)) {
      if (finish == nullptr) continue;
      ALLOT_RETURN_IF_ERROR(finish(parent, folder));
    }
    RemoveKnown(folder);
  }
  return absl::OkStatus();
}

}  // namespace allot
