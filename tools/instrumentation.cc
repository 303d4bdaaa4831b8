#include "tools/instrumentation.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"

#include "tools/pass_label.h"

namespace allot {

bool StderrIsTerminal() { return isatty(STDERR_FILENO) == 1; }

void DeclareInstrumentation(CommandLine& line, InstrumentationOptions& options) {
  IrDumpOptions& dumps = options.dumps;
  line.Section("Looking inside");
  line.Flag("print-ir-before-all", &dumps.before_all, "dump the IR before each pass");
  line.Flag("print-ir-after-all", &dumps.after_all, "dump the IR after each pass");
  line.Names("print-ir-before", "LIST", &dumps.before, "... before these passes");
  line.Names("print-ir-after", "LIST", &dumps.after, "... after these passes");
  line.Flag("print-ir-after-change", &dumps.after_change, "... after passes that changed it");
  line.Flag("print-ir-after-failure", &dumps.after_failure, "... after a pass that failed");
  line.Value("print-ir-tree-dir", "DIR", &dumps.folder, "dump into files below DIR");
  line.Flag("timing", &options.timing.report, "print how long everything took");
  line.Choice("timing-display", {"tree", "list"}, &options.timing.display,
              "nested (default), or by time");
  line.Choice("output-format", {"text", "json"}, &options.timing.format,
              "of the timing report (default: text)");
  line.Flag("pass-statistics", &options.statistics.report, "print what each pass counted");
  line.Choice("pass-statistics-display", {"pipeline", "list"}, &options.statistics.display,
              "each run of a pass (default), or summed up by pass");
}

Instrumentation::Instrumentation(InstrumentationOptions options, size_t num_steps)
    : options_(std::move(options)),
      num_steps_(num_steps),
      dumps_(options_.dumps),
      progress_(options_.progress) {}

void Instrumentation::Begin(const std::string& stage) {
  timing_.EndAll();
  in_pipeline_ = false;
  timing_.Begin(stage);
  progress_.Show(stage);
}

void Instrumentation::Before(const PipelineStep& step, int index, const ir::Module& module,
                             const ir::Plan& plan) {
  dumps_.Before(step.name, module, plan);
  if (!in_pipeline_) {
    timing_.EndAll();
    timing_.Begin("'onnx.graph' Pipeline");
    in_pipeline_ = true;
  }
  timing_.Begin(PassLabel(step.name));
  progress_.Show(absl::StrCat("[", index + 1, "/", num_steps_, "] ", step.name));
}

void Instrumentation::After(const PipelineStep& step, int /*index*/, const ir::Module& module,
                            const ir::Plan& plan, const absl::Status& outcome, bool /*changed*/,
                            const PassStatistics& statistics) {
  timing_.End();
  dumps_.After(step.name, module, plan, !outcome.ok());
  statistics_.Add(step.name, statistics);
}

void Instrumentation::BeginStep(absl::string_view name) {
  timing_.Begin(absl::StrCat("(A) ", name));
}

void Instrumentation::EndStep() { timing_.End(); }

void Instrumentation::Finish() {
  timing_.EndAll();
  progress_.Finish();
}

absl::Status Instrumentation::Report() const {
  if (options_.statistics.report) {
    std::fputs(statistics_.Text(options_.statistics).c_str(), stderr);
  }
  if (options_.timing.report) std::fputs(timing_.Report(options_.timing).c_str(), stderr);
  return dumps_.status();
}

}  // namespace allot
