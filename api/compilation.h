// A model placed on a machine, and the files that are made of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/module.h"
#include "ir/plan.h"
#include "lowering/emitter.h"
#include "lowering/provenance.h"
#include "operators/inference/dim_bindings.h"
#include "support/registry.h"
#include "target/target.h"

namespace allot {

// How a compilation is written; what it was made for it knows itself.
struct OutputOptions {
  std::vector<std::string> emit;            // names of emitters; empty: all not on request only
  std::string external_data = "reference";  // reference | embed
  int64_t emit_ir_version = 0;              // 0: keep; 11: also write device_configurations
  bool force = false;  // may replace files that Allot did not write, or that are not as it did
};

struct Compilation {
  Target target;
  std::shared_ptr<const ir::Module> module;  // never null after planning
  ir::Plan plan;
  std::string pipeline;          // as run, with every default
  Provenance made_from;          // files as the options named them
  std::string model_path = "-";  // "-": there is no file of the model
  DimBindings dims;              // that costs were made for
  Registry<Emitter> emitters;

  // What the emitters make of it, as it would be written into `folder`. Needs a schedule.
  absl::StatusOr<std::vector<OutputFile>> Outputs(const std::string& folder,
                                                  const OutputOptions& options = {}) const;

  // Writes it into `folder`, whole or not at all, beside the outputs of other emitters that are
  // there (see output_folder.h). Returns the names of the files.
  absl::StatusOr<std::vector<std::string>> Write(const std::string& folder,
                                                 const OutputOptions& options = {}) const;
};

}  // namespace allot
