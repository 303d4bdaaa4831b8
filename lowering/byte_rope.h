// A message under construction: bytes in memory with ranges of other files spliced in. Its size is
// known at every moment, so that enclosing messages can state it without reading the files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/constant_view.h"
#include "lowering/emitter.h"

namespace allot {

class ByteRope {
 public:
  ByteRope() = default;
  explicit ByteRope(std::string bytes) { Append(std::move(bytes)); }

  void Append(std::string bytes);
  void Append(ByteRope rope);
  // `length` bytes of the file `path` from `offset`.
  void AppendFileRange(std::string path, int64_t offset, int64_t length);
  // The same for several ranges: see FileChunk.
  void AppendFileRanges(std::string path, const ir::ByteRanges& ranges);
  // `rope` as the length-delimited field of that number.
  void AppendField(int field, ByteRope rope);

  int64_t size() const { return size_; }
  std::vector<FileChunk> TakeChunks() && { return std::move(chunks_); }

 private:
  std::vector<FileChunk> chunks_;
  int64_t size_ = 0;
};

}  // namespace allot
