// Sparse constants: what a serialized SparseTensorProto holds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/constant.h"

namespace allot {

struct SparseElements {
  std::vector<int64_t> indices;  // linear, row by row, within the dimensions
  std::string values;            // packed little endian, in that order
};

// Both forms of indices, [NNZ] and [NNZ, rank]. Errors: a message that is malformed or keeps its
// values in another file, indices that do not fit the dimensions or the number of values. Linear.
absl::StatusOr<SparseElements> ReadSparse(const ir::Constant& constant);

}  // namespace allot
