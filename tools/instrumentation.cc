#include "tools/instrumentation.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "ir/print.h"

namespace allot {
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool StderrIsTerminal() { return isatty(STDERR_FILENO) == 1; }

void Timing::Start(std::string name) {
  Stop();
  stages_.emplace_back(std::move(name), 0.0);
  started_ = Clock::now();
  running_ = true;
}

void Timing::Stop() {
  if (!running_) return;
  stages_.back().second = std::chrono::duration<double>(Clock::now() - started_).count();
  running_ = false;
}

std::string Timing::Report() const {
  double total = 0;
  for (const auto& [name, seconds] : stages_) total += seconds;
  std::string text =
      "===-------------------------------------------------------------------------===\n"
      "                         ... Execution time report ...\n"
      "===-------------------------------------------------------------------------===\n";
  absl::StrAppendFormat(&text, "  Total Execution Time: %.4f seconds\n\n", total);
  absl::StrAppend(&text, "  ----Wall Time----  ----Name----\n");
  for (const auto& [name, seconds] : stages_) {
    absl::StrAppendFormat(&text, "  %8.4f (%5.1f%%)  %s\n", seconds,
                          total > 0 ? 100 * seconds / total : 0.0, name);
  }
  absl::StrAppendFormat(&text, "  %8.4f (100.0%%)  Total\n", total);
  return text;
}

void Instrumentation::Begin(const std::string& stage) {
  timing_.Start(stage);
  if (!options_.progress) return;
  std::fprintf(stderr, "\r\033[K%s", stage.c_str());
  std::fflush(stderr);
  progress_shown_ = true;
}

void Instrumentation::Before(const PipelineStep& step, int index, const ir::Module& module,
                             const ir::Plan& plan) {
  if (options_.print_ir_before_all || Contains(options_.print_ir_before, step.name)) {
    Dump("Before", step, module, plan);
  }
  timing_.Start(step.name);
  if (!options_.progress) return;
  std::fprintf(stderr, "\r\033[K[%d/%zu] %s", index + 1, num_steps_, step.name.c_str());
  std::fflush(stderr);
  progress_shown_ = true;
}

void Instrumentation::After(const PipelineStep& step, int /*index*/, const ir::Module& module,
                            const ir::Plan& plan, const absl::Status& outcome, bool changed,
                            const PassStatistics& statistics) {
  timing_.Stop();
  if (options_.print_ir_after_all || Contains(options_.print_ir_after, step.name) ||
      (options_.print_ir_after_change && changed)) {
    Dump(outcome.ok() ? "After" : "After Failure", step, module, plan);
  }
  if (!options_.statistics) return;
  absl::StrAppend(&statistics_, step.name, "\n");
  for (const auto& [name, count] : statistics.counts()) {
    absl::StrAppendFormat(&statistics_, "  (S) %8d %s\n", count, name);
  }
}

void Instrumentation::Finish() {
  timing_.Stop();
  if (progress_shown_) std::fprintf(stderr, "\r\033[K");
  progress_shown_ = false;
}

void Instrumentation::Dump(absl::string_view when, const PipelineStep& step,
                           const ir::Module& module, const ir::Plan& plan) const {
  ir::PrintOptions print;
  print.elide_larger_than = 64;
  print.plan = &plan;
  print.target = options_.target;
  const std::string text = ir::Print(module, print);
  std::fprintf(stderr, "// -----// IR Dump %s (%s) //----- //\n%s\n\n", std::string(when).c_str(),
               step.name.c_str(), text.c_str());
}

}  // namespace allot
