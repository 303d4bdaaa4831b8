// ONNX in, ir::Module out. Nothing is lost: what we have nothing to say about is carried as bytes.
// Weight bytes are never read: large tensors stay references into the file.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "ir/module.h"
#include "ir/operator_schemas.h"
#include "support/diagnostics.h"

namespace allot {

struct ImportOptions {
  // Tensors in the model file of at least so many bytes stay in the file.
  int64_t reference_at_least = 1024;
  // Whether to look if files that external data names exist and are long enough, and to warn.
  bool check_external_data = true;
};

// Reads `path` ("-": standard input). Notes and warnings go to `diagnostics`; the first error is
// returned as "path: place: what is wrong; remedy".
absl::StatusOr<ir::Module> ImportOnnx(const std::string& path, const ImportOptions& options,
                                      Diagnostics& diagnostics);

// The same from memory; `shown` stands for the path in messages. All tensors are copied, and
// external data is looked for in the current folder.
absl::StatusOr<ir::Module> ImportOnnxBytes(absl::string_view bytes, const std::string& shown,
                                           const ImportOptions& options, Diagnostics& diagnostics);

// What libonnx knows of operators, gated to where it is right (docs/onnx.md).
std::unique_ptr<ir::OperatorSchemas> MakeOnnxSchemas();

}  // namespace allot
