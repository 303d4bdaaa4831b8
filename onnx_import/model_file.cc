#include "onnx_import/model_file.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "support/read_file.h"
#include "support/status.h"

namespace allot {
namespace {

// A protobuf message cannot be longer, so a longer stream is no model.
constexpr int64_t kLongestStream = std::numeric_limits<int32_t>::max();

// What is mapped now, for the program's handler of SIGBUS.
std::atomic<const char*> mapped_path{nullptr};

}  // namespace

const char* MappedModelPath() { return mapped_path.load(); }

absl::StatusOr<ModelFile> ModelFile::Open(const std::string& path) {
  ALLOT_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  struct stat status = {};
  if (::fstat(file.descriptor(), &status) != 0) {
    return InputError("cannot be read: ", std::strerror(errno));
  }
  ModelFile model;
  if (path == "-" || !file.is_regular()) {
    ALLOT_ASSIGN_OR_RETURN(model.memory_, file.ReadAll(kLongestStream));
  } else if (status.st_size > 0) {
    const auto size = static_cast<size_t>(status.st_size);
    void* mapping = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
    if (mapping == MAP_FAILED) return InputError("cannot be mapped: ", std::strerror(errno));
    model.mapping_ = mapping;
    model.size_ = size;
    model.path_ = std::make_unique<std::string>(path);
    mapped_path.store(model.path_->c_str());
  }
  if (model.bytes().empty()) return InputError("is empty: an ONNX model was expected");
  return model;
}

ModelFile::ModelFile(ModelFile&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      path_(std::move(other.path_)),
      memory_(std::move(other.memory_)) {}

ModelFile& ModelFile::operator=(ModelFile&& other) noexcept {
  std::swap(mapping_, other.mapping_);
  std::swap(size_, other.size_);
  std::swap(path_, other.path_);
  std::swap(memory_, other.memory_);
  return *this;
}

ModelFile::~ModelFile() {
  if (mapping_ == nullptr) return;
  const char* path = path_->c_str();
  mapped_path.compare_exchange_strong(path, nullptr);
  ::munmap(mapping_, size_);
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
