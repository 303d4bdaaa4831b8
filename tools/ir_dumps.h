// Prints the IR around passes, to standard error or into files, as mlir-opt's --mlir-print-ir-*
// flags do. The scope is always the module.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "ir/print.h"
#include "passes/pipeline/pipeline.h"

namespace allot {

struct IrDumpOptions {
  bool before_all = false, after_all = false;
  std::vector<std::string> before, after;  // names of passes
  // Of what the above choose after passes, or of all passes if they choose none: only what changed
  // the IR; only what failed.
  bool after_change = false, after_failure = false;
  std::string folder;         // one file per dump; empty: standard error
  ir::PrintOptions printing;  // but for the plan, which dumps always show
};

// An error if `options` name a pass that `registry` has not.
absl::Status CheckDumpedPasses(const IrDumpOptions& options, const PassRegistry& registry);

class IrDumps {
 public:
  explicit IrDumps(IrDumpOptions options);

  void set_target(const Target* target) { options_.printing.target = target; }
  void Before(const std::string& pass, const ir::Module& module, const ir::Plan& plan);
  void After(const std::string& pass, const ir::Module& module, const ir::Plan& plan, bool failed);
  // Whether all files could be written; else why the first could not.
  const absl::Status& status() const { return status_; }

 private:
  bool DumpsBefore(const std::string& pass) const;
  bool DumpsAfter(const std::string& pass) const;
  std::string Text(const ir::Module& module, const ir::Plan& plan) const;
  void Dump(const std::string& banner, const std::string& pass, const ir::Module& module,
            const std::string& text);

  IrDumpOptions options_;
  std::string text_before_;  // of the running pass, where a change is asked for
  int files_ = 0;
  absl::Status status_;
};

}  // namespace allot
