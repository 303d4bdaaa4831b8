// Tensors by name in one file, in the format of safetensors: the length of a header, the header in
// JSON, then the bytes of all tensors.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "ir/module.h"
#include "lowering/byte_rope.h"
#include "support/json.h"

namespace allot {

class SafetensorsFile {
 public:
  // A dense tensor of an element type of whole bytes; names are unique. What lies in a file is
  // taken as a range of it.
  absl::Status Add(const ir::Module& module, const std::string& name, const ir::Constant& constant);

  bool empty() const { return header_.empty(); }
  std::vector<FileChunk> TakeChunks() &&;

 private:
  Json::Object header_;
  ByteRope data_;
};

}  // namespace allot
