#include "lowering/byte_rope.h"

#include <utility>

#include "lowering/wire_format.h"

namespace allot {

void ByteRope::Append(std::string bytes) {
  if (bytes.empty()) return;
  size_ += static_cast<int64_t>(bytes.size());
  if (!chunks_.empty() && chunks_.back().source.empty()) {
    chunks_.back().bytes += bytes;
    return;
  }
  FileChunk chunk;
  chunk.bytes = std::move(bytes);
  chunks_.push_back(std::move(chunk));
}

void ByteRope::Append(ByteRope rope) {
  for (FileChunk& chunk : rope.chunks_) {
    if (chunk.source.empty()) {
      Append(std::move(chunk.bytes));
    } else {
      size_ += chunk.size();
      chunks_.push_back(std::move(chunk));
    }
  }
}

void ByteRope::AppendFileRange(std::string path, int64_t offset, int64_t length) {
  AppendFileRanges(std::move(path), {offset, length, 1, 0, nullptr});
}

void ByteRope::AppendFileRanges(std::string path, const ir::ByteRanges& ranges) {
  if (ranges.length == 0 || ranges.count == 0) return;
  FileChunk chunk;
  chunk.source = std::move(path);
  chunk.offset = ranges.offset;
  chunk.length = ranges.length;
  chunk.count = ranges.count;
  chunk.stride = ranges.stride;
  chunk.picks = ranges.picks;
  size_ += chunk.size();
  chunks_.push_back(std::move(chunk));
}

void ByteRope::AppendField(int field, ByteRope rope) {
  std::string header;
  AppendFieldHeader(header, field, static_cast<uint64_t>(rope.size()));
  Append(std::move(header));
  Append(std::move(rope));
}

}  // namespace allot
