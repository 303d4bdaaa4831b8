#include "lowering/open_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

#include "absl/strings/str_cat.h"

#include "support/status.h"

namespace allot {

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

int OpenFile::Close() { return ::close(std::exchange(descriptor_, -1)); }

absl::Status CannotRead(int error, const std::string& path) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot read '", path, "'"));
}

absl::StatusOr<OpenFile> OpenSource(const std::string& path) {
  OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return CannotRead(errno, path);
  struct stat about;
  if (::fstat(file.get(), &about) != 0) return CannotRead(errno, path);
  if (!S_ISREG(about.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat("'", path, "' is no regular file"));
  }
  return file;
}

absl::StatusOr<int64_t> SizeOf(const OpenFile& file, const std::string& path) {
  struct stat about;
  if (::fstat(file.get(), &about) != 0) return CannotRead(errno, path);
  return static_cast<int64_t>(about.st_size);
}

absl::StatusOr<int64_t> ReadSource(const OpenFile& from, const FileChunk& chunk, int64_t offset,
                                   const std::string& shown, absl::Span<char> buffer) {
  ssize_t count = 0;
  do {
    count = ::pread(from.get(), buffer.data(), buffer.size(), offset);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return CannotRead(errno, chunk.source);
  if (count == 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "'", chunk.source, "' ends before byte ", chunk.offset + chunk.length, ", up to which '",
        shown, "' needs it; it must not change between reading the model and writing its parts"));
  }
  return static_cast<int64_t>(count);
}

}  // namespace allot
