// A model as ONNX or as MLIR, told apart by what it contains.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "ir/module.h"
#include "onnx_import/import.h"
#include "support/diagnostics.h"

namespace allot {

// Whether `bytes` are a text and not ONNX.
bool LooksLikeText(absl::string_view bytes);

// Reads `path` ("-": standard input). Of ONNX see ImportOnnx(); of text ImportMlir(): our own form,
// onnx-mlir's or torch-mlir's. What a text says of a plan is not looked at.
absl::StatusOr<ir::Module> ReadModel(const std::string& path, const ImportOptions& options,
                                     Diagnostics& diagnostics);
// The same from memory; `shown` stands for the path in messages.
absl::StatusOr<ir::Module> ReadModelBytes(absl::string_view bytes, const std::string& shown,
                                          const ImportOptions& options, Diagnostics& diagnostics);

}  // namespace allot
