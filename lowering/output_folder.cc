#include "lowering/output_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"

#include "lowering/file_copy.h"
#include "lowering/file_digest.h"
#include "lowering/folder_record.h"
#include "lowering/folder_switch.h"
#include "lowering/open_file.h"
#include "lowering/temporary_folder.h"
#include "support/status.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

constexpr char kManifest[] = "manifest.json";
constexpr char kReserved[] = ".allot-";  // how names of our own begin
constexpr std::chrono::seconds kLongestWait(60);

absl::Status Failed(int error, absl::string_view what, const fs::path& path) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", what, " '", path.string(), "'"));
}

// Folders that were made on the way, removed again if nothing came to lie in them.
class MadeFolders {
 public:
  MadeFolders() = default;
  MadeFolders(const MadeFolders&) = delete;
  MadeFolders& operator=(const MadeFolders&) = delete;
  ~MadeFolders() {
    for (auto it = made_.rbegin(); it != made_.rend(); ++it) ::rmdir(it->c_str());
  }

  // Makes `folder` and its missing parents.
  absl::Status Make(const fs::path& folder) {
    if (folder.empty()) return absl::OkStatus();
    std::error_code error;
    if (fs::is_directory(folder, error)) return absl::OkStatus();
    ALLOT_RETURN_IF_ERROR(Make(folder.parent_path() == folder ? fs::path() : folder.parent_path()));
    if (::mkdir(folder.c_str(), 0777) == 0) {
      made_.push_back(folder);
    } else if (errno != EEXIST || !fs::is_directory(folder, error)) {
      return Failed(errno, "make the folder", folder);
    }
    return absl::OkStatus();
  }

 private:
  std::vector<fs::path> made_;
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
    if (!StaysInside(file.name)) {
      return InputError("the output file name '", file.name,
                        "' does not stay inside the output folder");
    }
    if (absl::StartsWith(file.name, kReserved)) {
      return InputError("the output file name '", file.name, "' begins with '", kReserved,
                        "', as only Allot's own may");
    }
    if (!names.insert(file.name).second) {
      return InputError("two output files are called '", file.name, "'");
    }
  }
  return absl::OkStatus();
}

absl::Status Stage(const std::vector<const OutputFile*>& files, const std::string& record,
                   const fs::path& stage) {
  MadeFolders folders;
  const OutputFile about{.name = kFolderRecord, .chunks = {{record, "", 0, 0}}};
  std::vector<const OutputFile*> all = files;
  all.push_back(&about);
  for (const OutputFile* file : all) {
    const fs::path path = stage / file->name;
    ALLOT_RETURN_IF_ERROR(folders.Make(path.parent_path()));
    ALLOT_RETURN_IF_ERROR(file->copied_from.empty()
                              ? WriteChunks(path.string(), file->name, file->chunks)
                              : CopyFile(file->copied_from, path.string(), file->name));
  }
  return absl::OkStatus();
}

// Holds a folder against other runs.
class FolderLock {
 public:
  static absl::StatusOr<FolderLock> Take(const fs::path& folder) {
    const auto end = std::chrono::steady_clock::now() + kLongestWait;
    while (true) {
      FolderLock lock;
      lock.file_ = OpenFile(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!lock.file_.valid()) return Failed(errno, "reach the output folder", folder);
      // File systems without locks are not held.
      if (::flock(lock.file_.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
        // Whoever held it may have put another folder in its place.
        struct stat held, there;
        if (::fstat(lock.file_.get(), &held) == 0 && ::stat(folder.c_str(), &there) == 0 &&
            held.st_dev == there.st_dev && held.st_ino == there.st_ino) {
          return lock;
        }
        continue;
      }
      if (std::chrono::steady_clock::now() > end) {
        return absl::UnavailableError(
            absl::StrCat("another run is writing into '", folder.string(),
                         "'; wait until it has ended, or give another output folder"));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

 private:
  FolderLock() = default;
  OpenFile file_;
};

// What is to be written, with the digests by which it will be known.
class Writing {
 public:
  Writing(const std::vector<OutputFile>& files, const std::vector<std::string>& protected_files,
          bool force)
      : files_(files), force_(force) {
    for (const std::string& file : protected_files) AddPlaces(file, protected_);
    for (const OutputFile& file : files) {
      if (!file.copied_from.empty()) AddPlaces(file.copied_from, protected_);
      std::string previous;
      for (const FileChunk& chunk : file.chunks) {
        if (!chunk.source.empty() && chunk.source != previous) {
          AddPlaces(chunk.source, protected_);
          previous = chunk.source;
        }
      }
    }
  }

  absl::Status ComputeDigests() {
    for (const OutputFile& file : files_) {
      FileDigest& digest = digests_[file.name];
      digest = file.digest;
      if (!digest.sha256.empty()) continue;
      ALLOT_ASSIGN_OR_RETURN(digest, file.copied_from.empty() ? DigestOf(file.name, file.chunks)
                                                              : DigestOfFile(file.copied_from));
    }
    return absl::OkStatus();
  }

  // False: the folder is there by now.
  absl::StatusOr<bool> MakeNew(const fs::path& folder) {
    const fs::path parent = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
    MadeFolders parents;
    ALLOT_RETURN_IF_ERROR(parents.Make(parent));
    std::vector<const OutputFile*> all;
    FolderRecord record;
    std::set<std::string> names = {kFolderRecord};
    for (const OutputFile& file : files_) {
      all.push_back(&file);
      record[file.name] = {digests_[file.name], file.emitters};
      names.insert(file.name);
      ALLOT_RETURN_IF_ERROR(CheckProtected(folder, file).status());
    }
    ALLOT_RETURN_IF_ERROR(RemoveAbandoned(parent));
    ALLOT_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFolder> temporary,
                           TemporaryFolder::Make(parent, names));
    ALLOT_RETURN_IF_ERROR(Stage(all, PrintFolderRecord(record), temporary->new_files()));
    if (::rename(temporary->new_files().c_str(), folder.c_str()) == 0) return true;
    if (errno == ENOTEMPTY || errno == EEXIST) return false;
    return Failed(errno, "write", folder);
  }

  // `shown` is the folder as the user knows it, `root` its canonical path.
  absl::Status Update(const fs::path& shown, const fs::path& root) {
    ALLOT_ASSIGN_OR_RETURN(const FolderLock lock, FolderLock::Take(root));
    if (root.has_parent_path() && root.parent_path() != root) {
      ALLOT_RETURN_IF_ERROR(RemoveAbandoned(root.parent_path()));
    }
    ALLOT_RETURN_IF_ERROR(RemoveAbandoned(root, FinishChange));
    const FolderRecord before = ReadFolderRecord(root.string());
    FolderRecord after = before;
    FolderChange change;
    std::vector<const OutputFile*> to_write;
    std::vector<std::string> in_the_way;
    std::set<std::string> emitters;
    for (const OutputFile& file : files_) {
      emitters.insert(file.emitters.begin(), file.emitters.end());
      ALLOT_ASSIGN_OR_RETURN(const bool in_place, CheckProtected(shown, file));
      if (in_place) continue;
      ALLOT_RETURN_IF_ERROR(CheckWay(shown, root, file.name));
      ALLOT_ASSIGN_OR_RETURN(const There there, Look(shown, root, file.name, before));
      const bool same = there.digest.sha256 == digests_[file.name].sha256;
      if (there.exists && !there.ours && !same) {
        if (there.special) {
          return InputError("'", (shown / file.name).string(),
                            "' is no regular file, which is never replaced; move it away, or give "
                            "another output folder");
        }
        if (!force_) {
          in_the_way.push_back((shown / file.name).string());
          continue;
        }
      }
      // An equal file of somebody else stays his.
      if (there.exists && !there.ours && same && there.links == 1) {
        after.erase(file.name);
        continue;
      }
      RecordedFile& recorded = after[file.name];
      for (const std::string& emitter : file.emitters) {
        if (std::count(recorded.emitters.begin(), recorded.emitters.end(), emitter) == 0) {
          recorded.emitters.push_back(emitter);
        }
      }
      std::sort(recorded.emitters.begin(), recorded.emitters.end());
      recorded.digest = digests_[file.name];
      if (there.exists && same && there.links == 1) continue;
      if (there.exists) change.replaced[file.name] = there.digest.sha256;
      to_write.push_back(&file);
    }
    if (!in_the_way.empty()) return InTheWay(in_the_way);
    ALLOT_RETURN_IF_ERROR(FindStale(shown, root, before, emitters, after, change));

    // The manifest last: whoever waits for it finds all that it lists.
    std::stable_partition(to_write.begin(), to_write.end(),
                          [](const OutputFile* file) { return file->name != kManifest; });
    const std::string record = PrintFolderRecord(after);
    for (const OutputFile* file : to_write) change.put.push_back(file->name);
    if (to_write.empty() && change.remove.empty() && after == before) return absl::OkStatus();
    ALLOT_RETURN_IF_ERROR(AddRecord(root, change));
    change.own = {kFolderRecord};
    for (const auto& [name, file] : before) change.own.insert(name);
    for (const auto& [name, file] : after) change.own.insert(name);
    change.stage = [&](const fs::path& stage) { return Stage(to_write, record, stage); };
    return ChangeFolder(root, change);
  }

 private:
  // What lies where a file is to be.
  struct There {
    bool exists = false, special = false;
    bool ours = false;  // written by Allot and unchanged
    nlink_t links = 0;
    FileDigest digest;
  };

  static absl::StatusOr<There> Look(const fs::path& shown, const fs::path& root,
                                    const std::string& name, const FolderRecord& record) {
    There there;
    struct stat about;
    if (::lstat((root / name).c_str(), &about) != 0) return there;
    if (S_ISDIR(about.st_mode)) {
      return InputError("cannot write '", (shown / name).string(), "': it is a folder");
    }
    there.exists = true;
    there.links = about.st_nlink;
    there.special = !S_ISREG(about.st_mode) && !S_ISLNK(about.st_mode);
    if (!S_ISREG(about.st_mode)) return there;
    absl::StatusOr<FileDigest> digest = DigestOfFile((root / name).string());
    if (!digest.ok()) return there;  // not to be read: then it is not ours to replace
    there.digest = *std::move(digest);
    const auto recorded = record.find(name);
    there.ours = recorded != record.end() && recorded->second.digest.bytes == there.digest.bytes &&
                 recorded->second.digest.sha256 == there.digest.sha256;
    return there;
  }

  // Whether the file is the one that it would be copied from: then it stays. An error if it is
  // another one that is read for it.
  absl::StatusOr<bool> CheckProtected(const fs::path& folder, const OutputFile& file) const {
    const fs::path place = PlaceOf(folder / file.name);
    if (protected_.count(place) == 0) return false;
    std::set<fs::path> own;
    if (!file.copied_from.empty()) AddPlaces(file.copied_from, own);
    if (own.count(place) > 0) return true;
    return InputError("writing '", (folder / file.name).string(),
                      "' would replace a file that is read for it; give another output folder");
  }

  // The folders on the way must be folders, and of this folder.
  static absl::Status CheckWay(const fs::path& shown, const fs::path& root,
                               const std::string& name) {
    fs::path way;
    for (const fs::path& step : fs::path(name).parent_path()) {
      way /= step;
      struct stat about;
      if (::lstat((root / way).c_str(), &about) != 0) return absl::OkStatus();
      if (!S_ISDIR(about.st_mode)) {
        return InputError("cannot write '", (shown / name).string(), "': '", (shown / way).string(),
                          "' is ", S_ISLNK(about.st_mode) ? "a symbolic link" : "no folder",
                          "; move it away, or give another output folder");
      }
    }
    return absl::OkStatus();
  }

  static absl::Status InTheWay(const std::vector<std::string>& paths) {
    constexpr size_t kShown = 3;
    std::vector<std::string> shown(
        paths.begin(), paths.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, paths.size())));
    const bool one = paths.size() == 1;
    return absl::AlreadyExistsError(absl::StrCat(
        "'", absl::StrJoin(shown, "', '"), "'",
        paths.size() > kShown ? absl::StrCat(" and ", paths.size() - kShown, " more") : "",
        one ? " was" : " were", " not written by Allot, or changed since; move ",
        one ? "it" : "them", " away, give another output folder, or replace ", one ? "it" : "them",
        " with --force"));
  }

  // Files of the emitters that have run again which are not written any more.
  absl::Status FindStale(const fs::path& shown, const fs::path& root, const FolderRecord& before,
                         const std::set<std::string>& emitters, FolderRecord& after,
                         FolderChange& change) const {
    for (const auto& [name, recorded] : before) {
      if (digests_.count(name) > 0) continue;
      RecordedFile& kept = after[name];
      std::erase_if(kept.emitters,
                    [&](const std::string& emitter) { return emitters.count(emitter) > 0; });
      if (!kept.emitters.empty() || (recorded.emitters.empty() && !emitters.empty())) continue;
      after.erase(name);
      if (!CheckWay(shown, root, name).ok() || protected_.count(PlaceOf(root / name)) > 0) continue;
      const absl::StatusOr<There> there = Look(shown, root, name, before);
      if (!there.ok() || !there->ours) continue;  // whoever changed it keeps it
      change.remove.push_back(name);
      change.replaced[name] = there->digest.sha256;
    }
    return absl::OkStatus();
  }

  // The record comes last of all.
  static absl::Status AddRecord(const fs::path& root, FolderChange& change) {
    change.put.push_back(kFolderRecord);
    const fs::path path = root / kFolderRecord;
    struct stat about;
    if (::lstat(path.c_str(), &about) != 0) return absl::OkStatus();
    if (!S_ISREG(about.st_mode)) {
      return InputError("cannot write '", path.string(),
                        "': something else is there; move it away");
    }
    ALLOT_ASSIGN_OR_RETURN(const FileDigest digest, DigestOfFile(path.string()));
    change.replaced[kFolderRecord] = digest.sha256;
    return absl::OkStatus();
  }

  const std::vector<OutputFile>& files_;
  const bool force_;
  std::set<fs::path> protected_;
  std::map<std::string, FileDigest> digests_;
};

}  // namespace

absl::Status WriteOutputFolder(const std::string& folder_name, const std::vector<OutputFile>& files,
                               const std::vector<std::string>& protected_files, bool force) {
  ALLOT_RETURN_IF_ERROR(CheckNames(files));
  if (folder_name.empty()) return InputError("the output folder has no name");
  fs::path folder = fs::path(folder_name).lexically_normal();
  if (!folder.has_filename() && folder.has_relative_path()) folder = folder.parent_path();
  if (folder.empty()) folder = ".";
  Writing writing(files, protected_files, force);
  ALLOT_RETURN_IF_ERROR(writing.ComputeDigests());
  // Once more if another run makes the folder meanwhile.
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i) {
    std::error_code error;
    const fs::file_status status = fs::status(folder, error);
    if (fs::exists(status) && !fs::is_directory(status)) {
      return InputError("'", folder_name, "' exists and is no folder; give another output folder");
    }
    if (error && status.type() != fs::file_type::not_found) {
      return Failed(error.value(), "reach the output folder", folder);
    }
    if (fs::exists(status)) {
      const fs::path root = fs::canonical(folder, error);
      if (error) return Failed(error.value(), "reach the output folder", folder);
      return writing.Update(folder, root);
    }
    if (fs::is_symlink(fs::symlink_status(folder, error))) {
      return InputError("'", folder_name,
                        "' is a symbolic link to nothing; give another output folder");
    }
    ALLOT_ASSIGN_OR_RETURN(const bool made, writing.MakeNew(folder));
    if (made) return absl::OkStatus();
  }
  return absl::UnavailableError(
      absl::StrCat("other runs make and remove '", folder_name, "' at the same time"));
}

}  // namespace allot
