// What the programs hang on a pipeline: progress on a terminal, IR dumps, timing, statistics. All
// of it goes to standard error.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"

#include "api/compile.h"
#include "passes/pipeline/pipeline.h"
#include "tools/command_line.h"
#include "tools/ir_dumps.h"
#include "tools/progress_line.h"
#include "tools/statistics_report.h"
#include "tools/timing.h"

namespace allot {

struct InstrumentationOptions {
  bool progress = false;
  IrDumpOptions dumps;
  TimingOptions timing;
  StatisticsOptions statistics;
};

// The flags of all of them, in mlir-opt's spellings.
void DeclareInstrumentation(CommandLine& line, InstrumentationOptions& options);

class Instrumentation final : public PassHooks, public StageObserver {
 public:
  // `num_steps`: of the pipeline, for progress.
  Instrumentation(InstrumentationOptions options, size_t num_steps);

  void Begin(const std::string& stage) override;
  void Before(const PipelineStep& step, int index, const ir::Module& module,
              const ir::Plan& plan) override;
  void After(const PipelineStep& step, int index, const ir::Module& module, const ir::Plan& plan,
             const absl::Status& outcome, bool changed, const PassStatistics& statistics) override;
  void BeginStep(absl::string_view name) override;
  void EndStep() override;

  // Names devices in dumps.
  void set_target(const Target* target) { dumps_.set_target(target); }
  void set_num_steps(size_t num_steps) { num_steps_ = num_steps; }
  // The best value that a search knows, and its bound if there is one, for the line of progress.
  void Reached(Picos value, Picos bound) { progress_.Reached(value, bound); }

  // Ends the line of progress, if any, and the stage that runs.
  void Finish();
  // What was asked for of timing and statistics, on standard error. An error if a dump could not
  // be written.
  absl::Status Report() const;

 private:
  InstrumentationOptions options_;
  size_t num_steps_;
  Timing timing_;
  IrDumps dumps_;
  StatisticsReport statistics_;
  bool in_pipeline_ = false;
  ProgressLine progress_;
};

// Whether standard error is a terminal.
bool StderrIsTerminal();

}  // namespace allot
