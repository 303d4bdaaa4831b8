// Files by descriptor: one that closes itself, and reading ranges of the files that outputs are
// made from.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "lowering/emitter.h"

namespace allot {

class OpenFile {
 public:
  OpenFile() = default;
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  OpenFile(OpenFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  OpenFile& operator=(OpenFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~OpenFile();
  bool valid() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  // Close reports what some file systems only find out then, a full disk for one. 0, or -1 and
  // errno.
  int Close();

 private:
  int descriptor_ = -1;
};

// "cannot read 'PATH': ...", for an errno.
absl::Status CannotRead(int error, const std::string& path);

// For reading; anything but a regular file is an error.
absl::StatusOr<OpenFile> OpenSource(const std::string& path);

// In bytes.
absl::StatusOr<int64_t> SizeOf(const OpenFile& file, const std::string& path);

// Up to buffer.size() bytes of the chunk from its byte `done` on; at least one. It is an error,
// naming the file `shown` that needs the chunk, if the file ends there.
absl::StatusOr<int64_t> ReadSource(const OpenFile& from, const FileChunk& chunk, int64_t done,
                                   const std::string& shown, absl::Span<char> buffer);

}  // namespace allot
