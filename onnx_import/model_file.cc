#include "onnx_import/model_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "support/status.h"

namespace allot {
namespace {

// Closes what it opened, but not standard input.
class FileDescriptor {
 public:
  explicit FileDescriptor(const std::string& path)
      : number_(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)),
        owned_(path != "-") {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (owned_ && number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
  bool owned_;
};

// A protobuf message cannot be longer, so a longer stream is no model.
constexpr size_t kLongestStream = static_cast<size_t>(std::numeric_limits<int32_t>::max());

absl::StatusOr<std::string> ReadAll(int file) {
  std::string bytes;
  constexpr size_t kStep = size_t{1} << 20;
  size_t used = 0;
  while (true) {
    if (bytes.size() - used < kStep) bytes.resize(std::max(2 * bytes.size(), 2 * kStep));
    const ssize_t got = ::read(file, bytes.data() + used, kStep);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return InputError("cannot be read: ", std::strerror(errno));
    if (got == 0) break;
    used += static_cast<size_t>(got);
    if (used > kLongestStream) {
      return InputError("is longer than 2 GiB, which no ONNX file is; give the model as a file");
    }
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace

absl::StatusOr<ModelFile> ModelFile::Open(const std::string& path) {
  const FileDescriptor file(path);
  if (file.number() < 0) {
    if (errno == ENOENT) return absl::NotFoundError("there is no such file");
    return InputError("cannot be opened: ", std::strerror(errno));
  }
  struct stat status = {};
  if (::fstat(file.number(), &status) != 0) {
    return InputError("cannot be read: ", std::strerror(errno));
  }
  if (S_ISDIR(status.st_mode)) return InputError("is a folder; name the .onnx file in it");

  ModelFile model;
  if (path == "-" || !S_ISREG(status.st_mode)) {
    ALLOT_ASSIGN_OR_RETURN(model.memory_, ReadAll(file.number()));
  } else if (status.st_size > 0) {
    const auto size = static_cast<size_t>(status.st_size);
    void* mapping = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
    if (mapping == MAP_FAILED) return InputError("cannot be mapped: ", std::strerror(errno));
    model.mapping_ = mapping;
    model.size_ = size;
  }
  if (model.bytes().empty()) return InputError("is empty: an ONNX model was expected");
  return model;
}

ModelFile::ModelFile(ModelFile&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      memory_(std::move(other.memory_)) {}

ModelFile& ModelFile::operator=(ModelFile&& other) noexcept {
  std::swap(mapping_, other.mapping_);
  std::swap(size_, other.size_);
  std::swap(memory_, other.memory_);
  return *this;
}

ModelFile::~ModelFile() {
  if (mapping_ != nullptr) ::munmap(mapping_, size_);
}

absl::string_view ModelFile::bytes() const {
  if (mapping_ == nullptr) return memory_;
  return absl::string_view(static_cast<const char*>(mapping_), size_);
}

std::string LooksLike(absl::string_view bytes) {
  if (absl::StartsWith(bytes, "version https://git-lfs")) {
    return "; it is a pointer of Git LFS: fetch the model with 'git lfs pull'";
  }
  if (absl::StartsWith(bytes, "PK\x03\x04")) return "; it is a zip archive: unpack it first";
  if (bytes.size() >= 8 && bytes.substr(4, 4) == "ORTM") {
    return "; it is in ONNX Runtime's own format: take the .onnx file that it was made from";
  }
  if (bytes.size() >= 8 && bytes.substr(4, 4) == "TFL3") {
    return "; it is a TensorFlow Lite model: convert it to ONNX first";
  }
  if (absl::StartsWith(bytes, "\x89HDF")) {
    return "; it is an HDF5 file (Keras?): convert it to ONNX first";
  }
  if (absl::StartsWith(bytes, "{") || absl::StartsWith(bytes, "<") ||
      absl::StartsWith(bytes, "module") || absl::StartsWith(bytes, "\"builtin.module\"")) {
    return "; it is a text file";
  }
  return std::string();
}

}  // namespace allot
