#include "lowering/folder_switch.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <cerrno>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "lowering/file_digest.h"
#include "lowering/folder_record.h"
#include "lowering/temporary_folder.h"
#include "support/json.h"
#include "support/status.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

constexpr char kManifest[] = "manifest.json";
constexpr char kSchema[] = "allot.switch/1";
// Of others' files and folders in a folder; more of them mean that it is not ours to exchange.
constexpr size_t kMostLinked = 1000;

absl::Status Failed(int error, absl::string_view what, const fs::path& path) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", what, " '", path.string(), "'"));
}

bool Exists(const fs::path& path) {
  struct stat about;
  return ::lstat(path.c_str(), &about) == 0;
}

// Makes the missing folders between `root` and a file; those made are added to `made`.
absl::Status MakeFoldersFor(const fs::path& root, const std::string& name,
                            std::vector<fs::path>* made = nullptr) {
  fs::path folder = root;
  for (const fs::path& step : fs::path(name).parent_path()) {
    folder /= step;
    if (::mkdir(folder.c_str(), 0777) == 0) {
      if (made != nullptr) made->push_back(folder);
    } else if (errno != EEXIST) {
      return Failed(errno, "make the folder", folder);
    }
  }
  return absl::OkStatus();
}

// Removes the folders that held the file and are empty now.
void RemoveEmptyFoldersOf(const fs::path& root, const std::string& name) {
  for (fs::path folder = fs::path(name).parent_path(); !folder.empty();
       folder = folder.parent_path()) {
    if (::rmdir((root / folder).c_str()) != 0) return;  // others' files are in it
  }
}

// The copy beside the folder, and the exchange.
class Exchange {
 public:
  Exchange(const fs::path& folder, const FolderChange& change) : folder_(folder), change_(change) {}

  // False: it cannot be done here, and nothing has happened.
  absl::StatusOr<bool> Run() {
    if (!IsPossible() || !List()) return false;
    std::set<std::string> known = change_.own;
    known.insert(change_.put.begin(), change_.put.end());
    known.insert(change_.remove.begin(), change_.remove.end());
    absl::StatusOr<std::unique_ptr<TemporaryFolder>> temporary =
        TemporaryFolder::Make(folder_.parent_path(), known);
    if (!temporary.ok()) return false;
    const fs::path copy = (*temporary)->new_files();
    ALLOT_RETURN_IF_ERROR(change_.stage(copy));
    for (const std::string& name : kept_) {
      if (!MakeFoldersFor(copy, name).ok() ||
          ::linkat(AT_FDCWD, (folder_ / name).c_str(), AT_FDCWD, (copy / name).c_str(), 0) != 0) {
        return false;
      }
    }
    for (const std::string& name : others_folders_) {
      if (!MakeFoldersFor(copy, name + "/.").ok()) return false;
    }
    // From the inside out: what is made in a folder changes its time.
    for (auto name = folders_.rbegin(); name != folders_.rend(); ++name) {
      if (!LikeTheOld(copy, *name)) return false;
    }
    if (::renameat2(AT_FDCWD, copy.c_str(), AT_FDCWD, folder_.c_str(), RENAME_EXCHANGE) != 0) {
      return false;
    }
    Rescue(copy, known);
    return true;
  }

 private:
  bool IsPossible() const {
    struct stat here, above;
    if (!folder_.has_parent_path() || folder_.parent_path() == folder_ ||
        ::stat(folder_.c_str(), &here) != 0 || ::stat(folder_.parent_path().c_str(), &above) != 0 ||
        here.st_dev != above.st_dev) {
      return false;
    }
    // Whoever works in the folder would find himself in a removed one.
    std::error_code error;
    const fs::path current = fs::current_path(error);
    if (error) return false;
    const auto [end, ignored] =
        std::mismatch(folder_.begin(), folder_.end(), current.begin(), current.end());
    return end != folder_.end();
  }

  // Finds what stays; false if the folder holds more than may be made anew.
  bool List() {
    std::set<std::string> own_folders, replaced(change_.put.begin(), change_.put.end());
    replaced.insert(change_.remove.begin(), change_.remove.end());
    for (const std::set<std::string>* names : {&change_.own, &std::as_const(replaced)}) {
      for (const std::string& name : *names) {
        for (fs::path at = fs::path(name).parent_path(); !at.empty(); at = at.parent_path()) {
          own_folders.insert(at.string());
        }
      }
    }
    struct stat root, about;
    if (::stat(folder_.c_str(), &root) != 0 || HasMoreThanAMode(folder_)) return false;
    folders_.push_back(".");
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder_, error), end; !error && it != end;
         it.increment(error)) {
      const std::string name = it->path().lexically_relative(folder_).string();
      if (::lstat(it->path().c_str(), &about) != 0 || about.st_dev != root.st_dev) return false;
      if (S_ISDIR(about.st_mode)) {
        if (HasMoreThanAMode(it->path())) return false;
        folders_.push_back(name);
        if (own_folders.count(name) == 0) others_folders_.push_back(name);
      } else if (replaced.count(name) == 0) {
        kept_.push_back(name);
      }
      if (kept_.size() + others_folders_.size() > kMostLinked) return false;
    }
    return !error;
  }

  // Access lists and notes of users, which would be lost.
  static bool HasMoreThanAMode(const fs::path& folder) {
    std::string names(4096, '\0');
    const ssize_t size = ::llistxattr(folder.c_str(), names.data(), names.size());
    if (size < 0) return errno == ERANGE;
    for (const absl::string_view name :
         absl::StrSplit(absl::string_view(names).substr(0, static_cast<size_t>(size)), '\0')) {
      if (absl::StartsWith(name, "system.") || absl::StartsWith(name, "user.")) return true;
    }
    return false;
  }

  // Gives a folder of the copy, if it is there, the owner and permissions of the old one, and the
  // time if it is somebody else's.
  bool LikeTheOld(const fs::path& copy, const std::string& name) const {
    const fs::path made = copy / name;
    struct stat old, now;
    if (::stat(made.c_str(), &now) != 0) return true;
    if (::stat((folder_ / name).c_str(), &old) != 0) return false;
    if ((old.st_uid != now.st_uid || old.st_gid != now.st_gid) &&
        ::chown(made.c_str(), old.st_uid, old.st_gid) != 0) {
      return false;
    }
    if (std::count(others_folders_.begin(), others_folders_.end(), name) > 0) {
      const timespec times[] = {old.st_atim, old.st_mtim};
      if (::utimensat(AT_FDCWD, made.c_str(), times, 0) != 0) return false;
    }
    return ::chmod(made.c_str(), old.st_mode & 07777) == 0;
  }

  // Brings over what others have put into the old folder meanwhile.
  void Rescue(const fs::path& old, const std::set<std::string>& known) const {
    std::error_code error;
    for (fs::recursive_directory_iterator it(old, error), end; !error && it != end;
         it.increment(error)) {
      const std::string name = it->path().lexically_relative(old).string();
      struct stat about;
      if (::lstat(it->path().c_str(), &about) != 0 || S_ISDIR(about.st_mode)) continue;
      if (about.st_nlink > 1 || known.count(name) > 0) continue;
      if (!MakeFoldersFor(folder_, name).ok()) continue;
      ::renameat2(AT_FDCWD, it->path().c_str(), AT_FDCWD, (folder_ / name).c_str(),
                  RENAME_NOREPLACE);
    }
  }

  const fs::path& folder_;
  const FolderChange& change_;
  std::vector<std::string> kept_, folders_, others_folders_;
};

// One file after the other, so that it can be gone on with from any state that a killed run leaves.
class StepByStep {
 public:
  struct Step {
    std::string name, sha256;  // of what is replaced; "" if nothing was there
    bool put = false;
  };

  StepByStep(fs::path folder, fs::path temporary, std::vector<Step> steps)
      : folder_(std::move(folder)), temporary_(std::move(temporary)), steps_(std::move(steps)) {}

  // `resumed`: not just after the files were looked at.
  absl::Status Run(bool resumed) {
    if (resumed) ALLOT_RETURN_IF_ERROR(CheckUntouched());
    // Nobody shall take old and new files for one set.
    for (size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].name == kManifest) ALLOT_RETURN_IF_ERROR(SetAside(i));
    }
    for (size_t i = 0; i < steps_.size(); ++i) {
      ALLOT_RETURN_IF_ERROR(SetAside(i));
      const fs::path from = TemporaryFolder::NewFiles(temporary_) / steps_[i].name;
      if (!steps_[i].put || !Exists(from)) continue;
      ALLOT_RETURN_IF_ERROR(MakeFoldersFor(folder_, steps_[i].name, &made_));
      ALLOT_RETURN_IF_ERROR(Rename(from, folder_ / steps_[i].name));
    }
    for (const Step& step : steps_) {
      if (!step.put) RemoveEmptyFoldersOf(folder_, step.name);
    }
    return absl::OkStatus();
  }

  // Takes back what Run() did before it failed; whether all of it could be.
  bool Undo() {
    bool all = true;
    for (auto it = done_.rbegin(); it != done_.rend(); ++it) {
      all = ::rename(it->second.c_str(), it->first.c_str()) == 0 && all;
    }
    for (auto it = made_.rbegin(); it != made_.rend(); ++it) ::rmdir(it->c_str());
    return all;
  }

 private:
  fs::path Aside(size_t step) const {
    return TemporaryFolder::OldFiles(temporary_) / absl::StrCat(step);
  }
  bool IsPending(size_t step) const {
    return !steps_[step].put || Exists(TemporaryFolder::NewFiles(temporary_) / steps_[step].name);
  }

  absl::Status SetAside(size_t step) {
    const fs::path path = folder_ / steps_[step].name;
    if (!IsPending(step) || Exists(Aside(step)) || !Exists(path)) return absl::OkStatus();
    return Rename(path, Aside(step));
  }

  absl::Status Rename(const fs::path& from, const fs::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return Failed(errno, "write", to);
    done_.emplace_back(from, to);
    return absl::OkStatus();
  }

  absl::Status CheckUntouched() const {
    for (size_t i = 0; i < steps_.size(); ++i) {
      const fs::path path = folder_ / steps_[i].name;
      if (!IsPending(i) || !Exists(path)) continue;
      std::error_code error;
      bool same = !Exists(Aside(i)) && !steps_[i].sha256.empty() &&
                  fs::symlink_status(path, error).type() == fs::file_type::regular;
      if (same) {
        ALLOT_ASSIGN_OR_RETURN(const FileDigest digest, DigestOfFile(path.string()));
        same = digest.sha256 == steps_[i].sha256;
      }
      if (!same) {
        return absl::FailedPreconditionError(
            absl::StrCat("'", path.string(),
                         "' was changed since a run was interrupted while it replaced it; "
                         "move it away first"));
      }
    }
    return absl::OkStatus();
  }

  const fs::path folder_, temporary_;
  const std::vector<Step> steps_;
  std::vector<std::pair<fs::path, fs::path>> done_;
  std::vector<fs::path> made_;
};

absl::Status WriteJournal(const fs::path& temporary, const std::vector<StepByStep::Step>& steps) {
  Json::Array list;
  for (const StepByStep::Step& step : steps) {
    list.push_back(Json::Object{{"name", step.name}, {"replaces", step.sha256}, {"put", step.put}});
  }
  const std::string text = PrintJson(Json::Object{{"schema", kSchema}, {"steps", std::move(list)}});
  const fs::path journal = TemporaryFolder::Journal(temporary);
  const fs::path unfinished = TemporaryFolder::OldFiles(temporary) / "0";
  std::ofstream stream(unfinished, std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) return Failed(errno, "write", journal);
  if (::rename(unfinished.c_str(), journal.c_str()) != 0) return Failed(errno, "write", journal);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StepByStep::Step>> ReadJournal(const fs::path& temporary) {
  std::ifstream stream(TemporaryFolder::Journal(temporary), std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  ALLOT_ASSIGN_OR_RETURN(const Json json, ParseJson(text.str()));
  std::vector<StepByStep::Step> steps;
  const Json* list = json.Find("steps");
  const auto* array = list == nullptr ? nullptr : list->If<Json::Array>();
  if (array == nullptr) return InputError("it lists no steps");
  for (const Json& item : *array) {
    const Json *name = item.Find("name"), *replaces = item.Find("replaces"),
               *put = item.Find("put");
    if (name == nullptr || replaces == nullptr || put == nullptr ||
        name->If<std::string>() == nullptr || replaces->If<std::string>() == nullptr ||
        put->If<bool>() == nullptr || !StaysInside(*name->If<std::string>())) {
      return InputError("a step of it cannot be read");
    }
    steps.push_back({*name->If<std::string>(), *replaces->If<std::string>(), *put->If<bool>()});
  }
  return steps;
}

absl::Status ChangeInPlace(const fs::path& folder, const FolderChange& change) {
  std::set<std::string> known(change.put.begin(), change.put.end());
  ALLOT_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFolder> temporary,
                         TemporaryFolder::Make(folder, known));
  ALLOT_RETURN_IF_ERROR(change.stage(temporary->new_files()));
  const fs::path old = TemporaryFolder::OldFiles(temporary->path());
  if (::mkdir(old.c_str(), 0777) != 0) return Failed(errno, "make the folder", old);
  std::vector<StepByStep::Step> steps;
  const auto add = [&](const std::string& name, bool put) {
    const auto replaced = change.replaced.find(name);
    steps.push_back({name, replaced == change.replaced.end() ? "" : replaced->second, put});
  };
  // What lists the others comes when nothing of the old ones is left.
  const auto lists = std::find_if(
      change.put.begin(), change.put.end(),
      [](const std::string& name) { return name == kManifest || name == kFolderRecord; });
  for (auto name = change.put.begin(); name != lists; ++name) add(*name, true);
  for (const std::string& name : change.remove) add(name, false);
  for (auto name = lists; name != change.put.end(); ++name) add(*name, true);
  ALLOT_RETURN_IF_ERROR(WriteJournal(temporary->path(), steps));
  StepByStep work(folder, temporary->path(), std::move(steps));
  const absl::Status status = work.Run(/*resumed=*/false);
  // The journal stays if the next run has something to mend.
  if (status.ok() || work.Undo()) ::unlink(TemporaryFolder::Journal(temporary->path()).c_str());
  return status;
}

}  // namespace

absl::Status ChangeFolder(const fs::path& folder, const FolderChange& change) {
  ALLOT_ASSIGN_OR_RETURN(const bool done, Exchange(folder, change).Run());
  return done ? absl::OkStatus() : ChangeInPlace(folder, change);
}

absl::Status FinishChange(const fs::path& folder, const fs::path& temporary) {
  const std::string place = absl::StrCat("'", TemporaryFolder::Journal(temporary).string(), "': ");
  ALLOT_ASSIGN_OR_RETURN(std::vector<StepByStep::Step> steps, ReadJournal(temporary), place);
  StepByStep work(folder, temporary, std::move(steps));
  ALLOT_RETURN_IF_ERROR(work.Run(/*resumed=*/true));
  ::unlink(TemporaryFolder::Journal(temporary).c_str());
  return absl::OkStatus();
}

}  // namespace allot
