#include "support/read_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

#include <algorithm>
#include <cstring>
#include <utility>

#include "support/status.h"

namespace allot {
namespace {

constexpr size_t kStep = size_t{1} << 20;

absl::Status CannotRead(int error) { return InputError("cannot be read: ", std::strerror(error)); }

}  // namespace

absl::StatusOr<InputFile> InputFile::Open(const std::string& path) {
  InputFile file;
  file.owned_ = path != "-";
  // Opening a pipe that nobody writes to would wait for ever.
  file.descriptor_ = file.owned_
                         ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
                         : STDIN_FILENO;
  if (file.descriptor_ < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return absl::NotFoundError("there is no such file");
    return InputError("cannot be opened: ", std::strerror(errno));
  }
  struct stat about = {};
  if (::fstat(file.descriptor_, &about) != 0) return CannotRead(errno);
  if (S_ISDIR(about.st_mode)) return InputError("is a folder, not a file");
  file.is_regular_ = S_ISREG(about.st_mode);
  file.is_device_ =
      S_ISBLK(about.st_mode) || (S_ISCHR(about.st_mode) && ::isatty(file.descriptor_) == 0);
  if (!file.owned_) return file;
  if (S_ISFIFO(about.st_mode)) ALLOT_RETURN_IF_ERROR(file.AwaitWriter());
  ::fcntl(file.descriptor_, F_SETFL, ::fcntl(file.descriptor_, F_GETFL) & ~O_NONBLOCK);
  return file;
}

InputFile::InputFile(InputFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      owned_(other.owned_),
      is_regular_(other.is_regular_),
      is_device_(other.is_device_),
      start_(std::move(other.start_)) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(owned_, other.owned_);
  std::swap(is_regular_, other.is_regular_);
  std::swap(is_device_, other.is_device_);
  std::swap(start_, other.start_);
  return *this;
}

InputFile::~InputFile() {
  if (owned_ && descriptor_ >= 0) ::close(descriptor_);
}

// Only reading tells whether there is a writer that has not written yet.
absl::Status InputFile::AwaitWriter() {
  constexpr int kTries = 50, kMillis = 100;
  std::string buffer(4096, '\0');
  for (int i = 0; i < kTries; ++i) {
    const ssize_t got = ::read(descriptor_, buffer.data(), buffer.size());
    if (got > 0) {
      start_ = buffer.substr(0, static_cast<size_t>(got));
      return absl::OkStatus();
    }
    if (got < 0 && errno == EAGAIN) return absl::OkStatus();
    if (got < 0 && errno != EINTR) return CannotRead(errno);
    pollfd wait = {descriptor_, POLLIN, 0};
    if (::poll(&wait, 1, kMillis) > 0 && (wait.revents & (POLLHUP | POLLIN)) == POLLHUP) {
      return absl::OkStatus();  // somebody has been here and written nothing
    }
  }
  return InputError("is a pipe that nobody writes to");
}

absl::StatusOr<std::string> InputFile::ReadAll(int64_t most) {
  std::string bytes = std::move(start_);
  size_t used = bytes.size();
  struct stat about = {};
  if (is_regular_ && ::fstat(descriptor_, &about) == 0) {
    bytes.reserve(static_cast<size_t>(std::clamp<int64_t>(about.st_size, 0, most)) + 1);
  }
  while (true) {
    if (bytes.capacity() - used < 2) bytes.reserve(std::max(2 * used, kStep));
    bytes.resize(used + std::min(kStep, bytes.capacity() - used));
    const ssize_t got = ::read(descriptor_, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return CannotRead(errno);
    if (got == 0) break;
    if (is_device_) return InputError("is a device without an end, not a file");
    used += static_cast<size_t>(got);
    if (static_cast<int64_t>(used) > most) {
      return InputError("has no end within ", most, " bytes; that is no file that is meant here");
    }
  }
  bytes.resize(used);
  return bytes;
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path, int64_t most) {
  const std::string shown = path == "-" ? "<stdin>" : path;
  absl::StatusOr<InputFile> file = InputFile::Open(path);
  if (absl::IsNotFound(file.status())) {
    return InputError(shown, ": cannot be read; does the file exist?");
  }
  if (!file.ok()) return WithContext(file.status(), absl::StrCat(shown, ": "));
  absl::StatusOr<std::string> text = file->ReadAll(most);
  if (!text.ok()) return WithContext(text.status(), absl::StrCat(shown, ": "));
  return text;
}

}  // namespace allot
