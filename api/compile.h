// The whole flow as one function: a model and a target in, a placed module out, which can write
// itself. What the programs, the tests and embedders call.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "api/compilation.h"      // IWYU pragma: export
#include "api/compile_options.h"  // IWYU pragma: export
#include "passes/pipeline/pipeline.h"
#include "support/diagnostics.h"

namespace allot {

// Told of the stages that are no passes ("read model", "write files"); `hooks` of RunOptions see
// the passes.
class StageObserver {
 public:
  virtual ~StageObserver() = default;
  virtual void Begin(const std::string& stage) = 0;
};

// Reads `model_path` ("-": standard input), ONNX or MLIR (read_model.h), and runs the pipeline on
// it. Everything that is not
// fatal goes to `diagnostics`. Reads files; writes and prints nothing. Whoever plans a model more
// than once prepares it first (prepared_model.h).
absl::StatusOr<Compilation> Compile(const std::string& model_path, const CompileOptions& options,
                                    Diagnostics& diagnostics, const RunOptions& run = {},
                                    StageObserver* observer = nullptr);

// The same for a model in memory; `shown` stands for the path in messages. External data is looked
// for in the current folder.
absl::StatusOr<Compilation> CompileBytes(absl::string_view model, const std::string& shown,
                                         const CompileOptions& options, Diagnostics& diagnostics,
                                         const RunOptions& run = {},
                                         StageObserver* observer = nullptr);

// The same for a model that was read already; `shown` stands for its path in messages.
absl::StatusOr<Compilation> CompileModule(ir::Module module, const std::string& shown,
                                          const CompileOptions& options, Diagnostics& diagnostics,
                                          const RunOptions& run = {});

}  // namespace allot
