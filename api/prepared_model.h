// A model that is read and rewritten once and planned any number of times: for many machines, sizes
// and objectives.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "api/compilation.h"
#include "api/compile_options.h"
#include "ir/module.h"
#include "operators/operators.h"
#include "passes/nodes/operator_work.h"
#include "passes/pipeline/pipeline.h"
#include "support/diagnostics.h"

namespace allot {

// A value: cheap to copy, never changes, and may be used by several threads at once.
class PreparedModel {
 public:
  // The module after the graph passes `passes` (as text) were run on it.
  PreparedModel(ir::Module module, std::string path, std::string shown, std::string passes,
                Operators operators);

  const ir::Module& module() const { return *state_->module; }
  std::shared_ptr<const ir::Module> shared_module() const { return state_->module; }
  const std::string& path() const { return state_->path; }          // "-": no file
  const std::string& shown() const { return state_->shown; }        // in messages
  const std::string& passes() const { return state_->passes; }      // that made it
  const Operators& operators() const { return state_->operators; }  // as known when it was made

  // The work of its operators under the sizes in `context`, whose operators are those of the model:
  // inferred when they are first asked
  // for, and known from then on. Of the last few sizes only.
  absl::StatusOr<std::shared_ptr<const OperatorWork>> Work(const PassContext& context) const;

 private:
  struct Known;
  struct State {
    std::shared_ptr<const ir::Module> module;
    std::string path, shown, passes;
    Operators operators;
    std::shared_ptr<Known> known;
  };
  std::shared_ptr<const State> state_;
};

// Reads `model_path` ("-": standard input) and runs the graph passes of the pipeline that `options`
// ask for. They see no machine and no sizes: a pass that needs one says so. Of the options only
// those count that are about the model: `fixed`, `state`, `strict_shapes`, `pipeline` and
// `registries`.
absl::StatusOr<PreparedModel> Prepare(const std::string& model_path, const CompileOptions& options,
                                      Diagnostics& diagnostics, const RunOptions& run = {});

// The same for a model in memory; `shown` stands for the path in messages. External data is looked
// for in the current folder.
absl::StatusOr<PreparedModel> PrepareBytes(absl::string_view model, const std::string& shown,
                                           const CompileOptions& options, Diagnostics& diagnostics,
                                           const RunOptions& run = {});

// Places it as `options` say: what Compile() makes of the same model and options, byte for byte.
// The graph passes of their pipeline must be those that it was prepared by, or none. Costs neither
// an import nor, from the second time with the same sizes on, an inference.
absl::StatusOr<Compilation> Plan(const PreparedModel& model, const CompileOptions& options,
                                 Diagnostics& diagnostics, const RunOptions& run = {});

}  // namespace allot
