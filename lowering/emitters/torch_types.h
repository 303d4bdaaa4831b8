// How torch-mlir's ONNX importer spells the types of tensors.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

#include "ir/type.h"

namespace allot {

// "f32", "si64", "ui8", "i1", ...; empty for what has no spelling there (strings, 4-bit types).
absl::string_view TorchElement(ir::ElementType element);

// "!torch.vtensor<[2,?],si64>" of a ranked tensor.
std::string TorchType(const ir::Type& type);

// "tensor<2x?xi64>": the same without signs, as what lies below takes it; with `sign`, "si64".
std::string BuiltinType(const ir::Type& type, bool sign = false);

}  // namespace allot
