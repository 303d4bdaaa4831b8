#include "lowering/open_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

#include <algorithm>

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

namespace {

// Bytes of the file at `offset`, which is below `end`: what the chunk needs.
absl::StatusOr<int64_t> ReadAt(const OpenFile& from, const FileChunk& chunk, int64_t offset,
                               int64_t end, const std::string& shown, absl::Span<char> buffer) {
  ssize_t count = 0;
  do {
    count = ::pread(from.get(), buffer.data(), buffer.size(), offset);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return CannotRead(errno, chunk.source);
  if (count == 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "'", chunk.source, "' ends before byte ", end, ", up to which '", shown,
        "' needs it; it must not change between reading the model and writing its parts"));
  }
  return static_cast<int64_t>(count);
}

// All of `count` bytes at `offset`, into `to`.
absl::Status ReadAllAt(const OpenFile& from, const FileChunk& chunk, int64_t offset, int64_t count,
                       const std::string& shown, char* to) {
  for (int64_t have = 0; have < count;) {
    const absl::Span<char> rest(to + have, static_cast<size_t>(count - have));
    ALLOT_ASSIGN_OR_RETURN(const int64_t got,
                           ReadAt(from, chunk, offset + have, offset + count, shown, rest));
    have += got;
  }
  return absl::OkStatus();
}

// As ReadSource(), of a chunk with picks: as many of one range as there is room for. Picks that
// follow each other within a window of the file are read together.
absl::StatusOr<int64_t> ReadPicks(const OpenFile& from, const FileChunk& chunk, int64_t done,
                                  const std::string& shown, absl::Span<char> buffer) {
  constexpr int64_t kWindow = int64_t{1} << 16;
  const std::vector<ir::BytePick>& picks = *chunk.picks;
  const int64_t base = chunk.offset + done / chunk.length * chunk.stride;
  int64_t skip = done % chunk.length;
  size_t i = 0;
  while (skip >= picks[i].length) skip -= picks[i++].length;
  int64_t room = static_cast<int64_t>(buffer.size()), filled = 0;
  std::string window;
  while (i < picks.size() && room > 0) {
    // The window: all picks that begin and end in it.
    const int64_t begin = picks[i].offset;
    int64_t end = begin + picks[i].length;
    size_t last = i + 1;
    for (; last < picks.size() && picks[last].offset >= begin; ++last) {
      if (picks[last].offset + picks[last].length > begin + kWindow) break;
      end = std::max(end, picks[last].offset + picks[last].length);
    }
    if (last == i + 1) {  // one pick, perhaps a long one, perhaps a part of it
      const int64_t count = std::min(picks[i].length - skip, room);
      ALLOT_RETURN_IF_ERROR(
          ReadAllAt(from, chunk, base + begin + skip, count, shown, buffer.data() + filled));
      filled += count, room -= count, skip = 0, ++i;
      continue;
    }
    window.resize(static_cast<size_t>(end - begin));
    ALLOT_RETURN_IF_ERROR(ReadAllAt(from, chunk, base + begin, end - begin, shown, window.data()));
    for (; i < last && room > 0; ++i) {
      const int64_t count = std::min(picks[i].length - skip, room);
      std::memcpy(buffer.data() + filled, window.data() + (picks[i].offset - begin) + skip,
                  static_cast<size_t>(count));
      filled += count, room -= count, skip = 0;
    }
  }
  return filled;
}

}  // namespace

absl::StatusOr<int64_t> ReadSource(const OpenFile& from, const FileChunk& chunk, int64_t done,
                                   const std::string& shown, absl::Span<char> buffer) {
  if (chunk.picks != nullptr) return ReadPicks(from, chunk, done, shown, buffer);
  const int64_t range = done / chunk.length, within = done % chunk.length;
  const int64_t begin = chunk.offset + range * chunk.stride + within;
  const int64_t end = chunk.offset + (chunk.count - 1) * chunk.stride + chunk.length;
  const int64_t room = static_cast<int64_t>(buffer.size());
  // Short ranges that lie close together are read with what is between them.
  constexpr int64_t kShort = 4096, kDense = 16;
  const int64_t ranges = std::min(room / std::max<int64_t>(chunk.stride, 1), chunk.count - range);
  if (within > 0 || chunk.length >= kShort || chunk.stride / kDense > chunk.length || ranges < 2) {
    const int64_t left = std::min(chunk.length - within, room);
    return ReadAt(from, chunk, begin, end, shown, buffer.subspan(0, static_cast<size_t>(left)));
  }
  const int64_t span = (ranges - 1) * chunk.stride + chunk.length;
  int64_t have = 0;
  while (have < span) {
    const absl::Span<char> rest =
        buffer.subspan(static_cast<size_t>(have), static_cast<size_t>(span - have));
    ALLOT_ASSIGN_OR_RETURN(const int64_t count,
                           ReadAt(from, chunk, begin + have, end, shown, rest));
    have += count;
  }
  for (int64_t i = 1; i < ranges; ++i) {
    std::memmove(buffer.data() + i * chunk.length, buffer.data() + i * chunk.stride,
                 static_cast<size_t>(chunk.length));
  }
  return ranges * chunk.length;
}

}  // namespace allot
