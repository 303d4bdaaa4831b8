#include "lowering/file_copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <cerrno>

#include <algorithm>
#include <string>

#include "absl/types/span.h"

#include "lowering/open_file.h"
#include "support/status.h"

namespace allot {
namespace {

absl::Status CannotWrite(int error, const std::string& shown) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot write '", shown, "'"));
}

absl::Status WriteAll(int to, const char* bytes, size_t count, const std::string& shown) {
  while (count > 0) {
    const ssize_t written = ::write(to, bytes, count);
    if (written < 0) {
      if (errno == EINTR) continue;
      return CannotWrite(errno, shown);
    }
    bytes += written;
    count -= static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

// Errors by which copy_file_range says that it cannot serve these two files at all.
bool MustCopyByHand(int error) {
  return error == EXDEV || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP ||
         error == EPERM || error == EBADF || error == ETXTBSY;
}

constexpr int64_t kBuffer = int64_t{1} << 20;

// All ranges of the chunk, through memory.
absl::Status CopyRanges(const OpenFile& from, const FileChunk& chunk, int to,
                        const std::string& shown) {
  // No larger than what is read: weights in an order of their own are a chunk for each row.
  const int64_t span = (chunk.count - 1) * chunk.stride + chunk.length;
  std::string buffer(static_cast<size_t>(std::min(span, kBuffer)), '\0');
  for (int64_t done = 0, size = chunk.size(); done < size;) {
    ALLOT_ASSIGN_OR_RETURN(const int64_t copied,
                           ReadSource(from, chunk, done, shown, absl::MakeSpan(buffer)));
    ALLOT_RETURN_IF_ERROR(WriteAll(to, buffer.data(), static_cast<size_t>(copied), shown));
    done += copied;
  }
  return absl::OkStatus();
}

absl::Status CopyRange(const OpenFile& from, const FileChunk& chunk, int to,
                       const std::string& shown) {
  if (chunk.count != 1 || chunk.picks != nullptr) return CopyRanges(from, chunk, to, shown);
  constexpr int64_t kStep = int64_t{1} << 30;
  off_t offset = chunk.offset;
  int64_t left = chunk.length;
  bool in_kernel = true;
  std::string buffer;
  while (left > 0) {
    ssize_t copied = 0;
    if (in_kernel) {
      copied = ::copy_file_range(from.get(), &offset, to, nullptr,
                                 static_cast<size_t>(std::min(left, kStep)), 0);
      // Some file systems answer 0 where others refuse: reading by hand finds the truth.
      if (copied == 0 || (copied < 0 && MustCopyByHand(errno))) {
        in_kernel = false;
        continue;
      }
      if (copied < 0 && errno != EINTR) {
        const int error = errno;
        return error == ENOSPC || error == EDQUOT || error == EFBIG
                   ? CannotWrite(error, shown)
                   : absl::ErrnoToStatus(error, absl::StrCat("cannot copy from '", chunk.source,
                                                             "' to '", shown, "'"));
      }
      if (copied < 0) continue;
    } else {
      buffer.resize(static_cast<size_t>(std::min(left, kBuffer)));
      ALLOT_ASSIGN_OR_RETURN(copied, ReadSource(from, chunk, offset - chunk.offset, shown,
                                                absl::MakeSpan(buffer.data(), buffer.size())));
      ALLOT_RETURN_IF_ERROR(WriteAll(to, buffer.data(), static_cast<size_t>(copied), shown));
      offset += copied;
    }
    left -= copied;
  }
  return absl::OkStatus();
}

// What is between the file's holes, which take no room in the copy either.
absl::Status CopyData(const OpenFile& from, const std::string& source, int64_t size, int to,
                      const std::string& shown) {
  for (off_t at = 0; at < size;) {
    FileChunk data;
    data.source = source;
    data.offset = ::lseek(from.get(), at, SEEK_DATA);
    if (data.offset < 0 && errno == ENXIO) break;  // a hole up to the end
    if (data.offset < 0) data.offset = at;
    off_t end = ::lseek(from.get(), data.offset, SEEK_HOLE);
    if (end < 0 || end > size) end = size;
    data.length = end - data.offset;
    if (::lseek(to, data.offset, SEEK_SET) < 0) return CannotWrite(errno, shown);
    ALLOT_RETURN_IF_ERROR(CopyRange(from, data, to, shown));
    at = end;
  }
  ALLOT_ASSIGN_OR_RETURN(const int64_t now, SizeOf(from, source));
  if (now != size) {
    return absl::FailedPreconditionError(
        absl::StrCat("'", source, "' changed while '", shown, "' was copied from it"));
  }
  return ::ftruncate(to, size) == 0 ? absl::OkStatus() : CannotWrite(errno, shown);
}

}  // namespace

absl::Status WriteChunks(const std::string& path, const std::string& shown,
                         const std::vector<FileChunk>& chunks) {
  OpenFile to(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!to.valid()) return CannotWrite(errno, shown);
  OpenFile from;
  std::string open_source;
  for (const FileChunk& chunk : chunks) {
    if (chunk.source.empty()) {
      ALLOT_RETURN_IF_ERROR(WriteAll(to.get(), chunk.bytes.data(), chunk.bytes.size(), shown));
      continue;
    }
    if (!from.valid() || open_source != chunk.source) {
      ALLOT_ASSIGN_OR_RETURN(from, OpenSource(chunk.source));
      open_source = chunk.source;
    }
    ALLOT_RETURN_IF_ERROR(CopyRange(from, chunk, to.get(), shown));
  }
  if (to.Close() != 0) return CannotWrite(errno, shown);
  return absl::OkStatus();
}

absl::Status CopyFile(const std::string& source, const std::string& path,
                      const std::string& shown) {
  ALLOT_ASSIGN_OR_RETURN(const OpenFile from, OpenSource(source));
  ALLOT_ASSIGN_OR_RETURN(const int64_t size, SizeOf(from, source));
  OpenFile to(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!to.valid()) return CannotWrite(errno, shown);
  if (::ioctl(to.get(), FICLONE, from.get()) != 0) {
    ALLOT_RETURN_IF_ERROR(CopyData(from, source, size, to.get(), shown));
  }
  return to.Close() == 0 ? absl::OkStatus() : CannotWrite(errno, shown);
}

}  // namespace allot
