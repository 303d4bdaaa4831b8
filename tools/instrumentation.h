// What the programs hang on a pipeline: progress on a terminal, IR dumps, timing. All of it goes to
// standard error.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "api/compile.h"
#include "passes/pipeline.h"

namespace allot {

// How long each stage took; the only place that looks at a clock.
class Timing {
 public:
  void Start(std::string name);
  void Stop();
  // A table like mlir-opt's: wall seconds and share per stage, in order, and the total.
  std::string Report() const;

 private:
  using Clock = std::chrono::steady_clock;
  std::vector<std::pair<std::string, double>> stages_;
  Clock::time_point started_ = Clock::now();
  bool running_ = false;
};

struct InstrumentationOptions {
  bool progress = false;
  bool print_ir_before_all = false, print_ir_after_all = false, print_ir_after_change = false;
  std::vector<std::string> print_ir_before, print_ir_after;
  bool statistics = false;
  const Target* target = nullptr;  // names devices in dumps
};

class Instrumentation final : public PassHooks, public StageObserver {
 public:
  Instrumentation(InstrumentationOptions options, size_t num_steps)
      : options_(std::move(options)), num_steps_(num_steps) {}

  void Begin(const std::string& stage) override;
  void Before(const PipelineStep& step, int index, const ir::Module& module,
              const ir::Plan& plan) override;
  void After(const PipelineStep& step, int index, const ir::Module& module, const ir::Plan& plan,
             const absl::Status& outcome, bool changed, const PassStatistics& statistics) override;
  // Ends the line of progress, if any.
  void Finish();

  void set_target(const Target* target) { options_.target = target; }
  void set_num_steps(size_t num_steps) { num_steps_ = num_steps; }
  Timing& timing() { return timing_; }
  // "(S) 12 clusters" lines per pass, in order.
  const std::string& statistics_report() const { return statistics_; }

 private:
  void Dump(absl::string_view when, const PipelineStep& step, const ir::Module& module,
            const ir::Plan& plan) const;

  InstrumentationOptions options_;
  size_t num_steps_;
  Timing timing_;
  std::string statistics_;
  bool progress_shown_ = false;
};

// Whether standard error is a terminal.
bool StderrIsTerminal();

}  // namespace allot
