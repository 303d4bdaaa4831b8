// The elements of a constant as bytes of a file that is written.
#pragma once

#include "absl/status/status.h"

#include "ir/module.h"
#include "lowering/byte_rope.h"

namespace allot {

// Appends the elements, little endian as ONNX's raw_data: those in memory as they are, those in
// files as ranges of these, views as the ranges that they keep and nothing else. Errors: data that
// is too short for the tensor or outside of the model's folder; tensors that are no numbers.
absl::Status AppendElements(const ir::Module& module, const ir::Constant& constant, ByteRope& rope);

// Where the elements are, whole or in part, if in a file; nullptr: elsewhere.
const ir::FileBytes* FileOf(const ir::Constant& constant);

// Whether the constant is a view of ONNX external data: no entry of external data can say so, its
// bytes have to be written.
bool IsExternalView(const ir::Constant& constant);

}  // namespace allot
