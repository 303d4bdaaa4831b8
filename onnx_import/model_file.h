// The bytes of a model, without reading them before they are needed.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace allot {

// A file mapped into memory, or what came through a pipe. The file must not shrink while this
// lives: reading a page that is gone raises SIGBUS (see MappedModelPath).
class ModelFile {
 public:
  // "-" reads standard input. Errors say what to do; they do not repeat the path.
  static absl::StatusOr<ModelFile> Open(const std::string& path);

  ModelFile(ModelFile&& other) noexcept;
  ModelFile& operator=(ModelFile&& other) noexcept;
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;
  ~ModelFile();

  absl::string_view bytes() const;
  // Whether tensors may refer to the file by offset. What came through a pipe is gone.
  bool can_be_referred_to() const { return mapping_ != nullptr; }

 private:
  ModelFile() = default;

  void* mapping_ = nullptr;
  size_t size_ = 0;
  std::unique_ptr<std::string> path_;  // of what is mapped, at an address that does not change
  std::string memory_;
};

// The path of the model that is mapped, the last one if there are several; nullptr: none. For
// handlers of SIGBUS, which may call nothing that allocates.
const char* MappedModelPath();

// What a file that is no ONNX model probably is instead, as the end of a sentence ("; it is a
// ..."); empty if it does not look like anything.
std::string LooksLike(absl::string_view bytes);

}  // namespace allot
