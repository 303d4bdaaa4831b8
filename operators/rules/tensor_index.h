// Positions in small row-major tensors.
#pragma once

#include <cstdint>
#include <vector>

namespace allot {

inline std::vector<int64_t> RowMajorStrides(const std::vector<int64_t>& dims) {
  std::vector<int64_t> strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

inline int64_t CountElements(const std::vector<int64_t>& dims) {
  int64_t count = 1;
  for (const int64_t dim : dims) count *= dim;
  return count;
}

// Steps `index` to the next position within `dims`, last axis fastest. After the last position it
// is all zeros again.
inline void NextIndex(const std::vector<int64_t>& dims, std::vector<int64_t>& index) {
  for (size_t i = dims.size(); i-- > 0;) {
    if (++index[i] < dims[i]) return;
    index[i] = 0;
  }
}

// The offset of `index` (of a tensor of rank >= dims.size()) in a tensor that broadcasts to it.
inline int64_t BroadcastOffset(const std::vector<int64_t>& dims,
                               const std::vector<int64_t>& index) {
  const size_t skipped = index.size() - dims.size();
  int64_t offset = 0;
  for (size_t i = 0; i < dims.size(); ++i) {
    offset = offset * dims[i] + (dims[i] == 1 ? 0 : index[skipped + i]);
  }
  return offset;
}

}  // namespace allot
