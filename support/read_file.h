// Whole files as bytes, from wherever a user may say that they are: pipes have an end, and devices
// may have none.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace allot {

// A file open for reading.
class InputFile {
 public:
  // "-" is standard input. A pipe that nobody writes to is waited for, for a few seconds. Folders
  // are refused. Errors say what is wrong, without the path; NotFound if there is no such file.
  static absl::StatusOr<InputFile> Open(const std::string& path);

  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  ~InputFile();

  int descriptor() const { return descriptor_; }
  // A file on a disk, which has a size and may be mapped into memory.
  bool is_regular() const { return is_regular_; }

  // To the end. More than `most` bytes are an error, and so are devices that are no terminals, as
  // they have no end; /dev/null is empty. Errors are without the path.
  absl::StatusOr<std::string> ReadAll(int64_t most);

 private:
  InputFile() = default;
  absl::Status AwaitWriter();

  int descriptor_ = -1;
  bool owned_ = false, is_regular_ = false, is_device_ = false;
  std::string start_;  // what was read already
};

// More than any text that somebody will read or write.
inline constexpr int64_t kLongestText = int64_t{1} << 30;

// The whole of a text file; "-" is standard input. Errors begin with the path.
absl::StatusOr<std::string> ReadTextFile(const std::string& path, int64_t most = kLongestText);

}  // namespace allot
