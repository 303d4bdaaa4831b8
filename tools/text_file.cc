#include "tools/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <filesystem>

#include "support/read_file.h"
#include "support/status.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

absl::Status CannotWrite(int error, const std::string& path) {
  return InputError(path, ": cannot be written: ", std::strerror(error));
}

// Writes and closes; 0 or an errno.
int WriteAndClose(int file, const std::string& text) {
  int error = 0;
  for (size_t done = 0; done < text.size() && error == 0;) {
    const ssize_t count = ::write(file, text.data() + done, text.size() - done);
    if (count >= 0) {
      done += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (::close(file) != 0 && error == 0) error = errno;
  return error;
}

// A new file beside the one that will be replaced.
struct Temporary {
  int file = -1;  // with an errno if it cannot be made
  std::string name;
  fs::path target;  // a link stays; what it leads to is replaced
};

Temporary OpenTemporary(const std::string& path, bool exists) {
  Temporary made;
  std::error_code no_error;
  made.target = exists ? fs::canonical(path, no_error) : fs::path(path);
  constexpr char kUnique[] = ".XXXXXX";  // mkostemp() fills it in
  made.name = (no_error ? path : made.target.string()) + kUnique;
  made.file = ::mkostemp(made.name.data(), O_CLOEXEC);
  return made;
}

}  // namespace

std::string InputName(const std::string& path) { return path == "-" ? "<stdin>" : path; }

absl::StatusOr<std::string> ReadText(const std::string& path) { return ReadTextFile(path); }

absl::Status WriteText(const std::string& path, const std::string& text) {
  if (path == "-") {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return FlushStdout();
  }
  // A device or a pipe is written to: put a file in its place, and a superuser's "-o /dev/null"
  // would take /dev/null from the whole machine.
  struct stat there = {};
  const bool exists = ::stat(path.c_str(), &there) == 0;
  if (exists && !S_ISREG(there.st_mode)) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) return CannotWrite(errno, path);
    const int error = WriteAndClose(file, text);
    return error == 0 ? absl::OkStatus() : CannotWrite(error, path);
  }
  const auto [file, temporary, target] = OpenTemporary(path, exists);
  if (file < 0) return CannotWrite(errno, path);
  // As a usual program's file, or as the one that it replaces.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  int error = ::fchmod(file, exists ? there.st_mode & 07777 : 0666 & ~mask) == 0 ? 0 : errno;
  const int written = WriteAndClose(file, text);
  if (error == 0) error = written;
  if (error == 0 && ::rename(temporary.c_str(), target.c_str()) != 0) error = errno;
  if (error == 0) return absl::OkStatus();
  ::unlink(temporary.c_str());
  return CannotWrite(error, path);
}

absl::Status CheckWritable(const std::string& path) {
  if (path == "-") return absl::OkStatus();
  struct stat there = {};
  const bool exists = ::stat(path.c_str(), &there) == 0;
  if (exists && S_ISDIR(there.st_mode)) return CannotWrite(EISDIR, path);
  if (exists && !S_ISREG(there.st_mode)) {
    return ::access(path.c_str(), W_OK) == 0 ? absl::OkStatus() : CannotWrite(errno, path);
  }
  const Temporary made = OpenTemporary(path, exists);
  if (made.file < 0) return CannotWrite(errno, path);
  ::close(made.file);
  ::unlink(made.name.c_str());
  return absl::OkStatus();
}

absl::Status FlushStdout() {
  errno = 0;
  const bool failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
  if (!failed) return absl::OkStatus();
  return InputError("cannot write to standard output",
                    errno == 0 ? "" : absl::StrCat(": ", std::strerror(errno)));
}

}  // namespace allot
