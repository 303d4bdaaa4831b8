// The elements of constants, read where they lie: most passes never look at them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "ir/module.h"

namespace allot {

// visit(bytes) for pieces of at most `piece` bytes, in order, of a constant in memory or in a file,
// little endian as ONNX packs them. Memory does not grow with the constant. Errors: the data is not
// there, is shorter than its type says, lies outside of the model's folder, or is of a form that
// has no plain elements (strings, sparse tensors).
absl::Status ForEachPiece(const ir::Module& module, const ir::Constant& constant, int64_t piece,
                          const std::function<absl::Status(absl::string_view)>& visit);

// All of it. An error above `most` bytes.
absl::StatusOr<std::string> ReadElements(const ir::Module& module, const ir::Constant& constant,
                                         int64_t most);

}  // namespace allot
