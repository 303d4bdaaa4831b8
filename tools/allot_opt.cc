// The tester: IR or ONNX in, one pipeline, IR out. Behaves as mlir-opt does.

#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "api/compile.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "ir/verify.h"
#include "onnx_import/import.h"
#include "support/status.h"
#include "tools/command_line.h"
#include "tools/instrumentation.h"
#include "tools/listing.h"
#include "tools/plugin_flags.h"
#include "tools/program_registries.h"
#include "tools/reference.h"
#include "tools/text_file.h"

namespace allot {
namespace {

struct Arguments {
  CompileOptions compile;  // of it: target, dims, rules and costs
  InstrumentationOptions instrumentation;
  std::string input = "-", output = "-", pipeline, objective = "latency";
  std::string print_ir_before, print_ir_after;
  std::vector<std::string> plugins;
  std::vector<std::string> steps;  // passes given as flags, in order
  int64_t elide = -1, default_dim = 1, threads = 1, seed = 1;
  bool locations = false, timing = false, verify_each = true, dump_pipeline = false;
  bool list_passes = false, print_reference = false, allow_missing_data = false;
};

void Declare(CommandLine& line, const PassRegistry& passes, Arguments& arguments) {
  line.Section("Input and output");
  line.Value("o", "FILE", &arguments.output, "where the IR goes (default: -, standard output)");
  line.Value("target", "FILE|NAME", &arguments.compile.target,
             "the machine, also host[:...] (default: cpu-2gpu)");
  line.Choice("objective", {"latency", "throughput"}, &arguments.objective,
              "what is minimised (default: latency)");
  line.List("dim", "NAME=SIZE", &arguments.compile.dims,
            "size of a symbolic dimension, for costs only");
  line.Integer("default-dim", "SIZE", &arguments.default_dim,
               "size of every other open dimension (default: 1)");
  line.List("pin", "REGEX=DEVICE", &arguments.compile.pins,
            "nodes whose whole name matches run there");
  line.List("forbid", "REGEX=DEVICE", &arguments.compile.forbids,
            "nodes whose whole name matches do not");
  line.Value("cost-model", "NAME", &arguments.compile.cost_model,
             "how operators are costed (default: roofline)");
  line.List("costs", "FILE", &arguments.compile.cost_files, "measured times");
  line.Flag("allow-missing-data", &arguments.allow_missing_data,
            "do not look for the files of external data");
  line.Integer("seed", "N", &arguments.seed, "of the random choices (default: 1)");
  line.Integer("threads", "N", 1, CommandLine::kMaxThreads, &arguments.threads,
               "never changes the result (default: 1)");
  DeclarePluginFlags(line, arguments.plugins);
  line.Section("Pipelines");
  line.Value("pass-pipeline", "TEXT", &arguments.pipeline,
             "such as 'onnx.graph(infer-shapes,coarsen{max-items=80})'");
  line.Flag("dump-pass-pipeline", &arguments.dump_pipeline,
            "print the pipeline with every option to standard error");
  line.Flag("verify-each", &arguments.verify_each, "verify after every pass (default: on)");
  line.Flag("list-passes", &arguments.list_passes, "print every pass with its options, then stop");
  line.Flag("print-reference", &arguments.print_reference, "print docs/reference.md, then stop");
  const auto step = [&arguments](const std::string& name) {
    return [&arguments, name](absl::string_view options) {
      arguments.steps.push_back(options.empty() ? name : absl::StrCat(name, "{", options, "}"));
      return absl::OkStatus();
    };
  };
  line.Section("Passes, run in the order given");
  for (const Entry<GraphPass>& entry : passes.graph_passes.entries()) {
    line.Action(entry.name, "'k=v k=v'", step(entry.name), entry.summary);
  }
  for (const Entry<PlanPass>& entry : passes.plan_passes.entries()) {
    line.Action(entry.name, "'k=v k=v'", step(entry.name), entry.summary);
  }
  line.Section("Pass Pipelines");
  for (const NamedPipeline& pipeline : passes.pipelines) {
    if (passes.graph_passes.Find(pipeline.name) != nullptr) continue;
    line.Action(pipeline.name, "", step(pipeline.name), pipeline.summary);
  }
  line.Section("Looking inside");
  line.Flag("print-ir-before-all", &arguments.instrumentation.print_ir_before_all,
            "dump the IR before each pass");
  line.Flag("print-ir-after-all", &arguments.instrumentation.print_ir_after_all,
            "dump the IR after each pass");
  line.Flag("print-ir-after-change", &arguments.instrumentation.print_ir_after_change,
            "... that changed it");
  line.Value("print-ir-before", "LIST", &arguments.print_ir_before, "... before these passes");
  line.Value("print-ir-after", "LIST", &arguments.print_ir_after, "... after these passes");
  line.Flag("timing", &arguments.timing, "print how long each stage took");
  line.Flag("pass-statistics", &arguments.instrumentation.statistics,
            "print what each pass counted");
  line.Flag("print-debuginfo", &arguments.locations, "print locations");
  line.Integer("elide-elementsattrs-if-larger", "N", &arguments.elide,
               "elide constants in memory of more than N bytes; such text cannot be read back");
}

void ListPasses(const PassRegistry& passes) {
  std::fputs(Listing(passes.graph_passes).c_str(), stdout);
  std::fputs(Listing(passes.plan_passes).c_str(), stdout);
  for (const NamedPipeline& pipeline : passes.pipelines) {
    std::printf("%s\n    %s\n      = %s\n", pipeline.name.c_str(), pipeline.summary.c_str(),
                pipeline.text.c_str());
  }
}

// Text begins with an op, an alias or a comment; ONNX's first byte is a field tag below any of
// these.
bool LooksLikeText(absl::string_view bytes) {
  const absl::string_view stripped = absl::StripLeadingAsciiWhitespace(bytes);
  return !stripped.empty() && (stripped[0] == '"' || stripped[0] == '/' || stripped[0] == '#' ||
                               stripped[0] == '!' || stripped[0] == '{');
}

absl::StatusOr<ir::ParsedModule> Read(const Arguments& arguments, const Target* target,
                                      Diagnostics& diagnostics) {
  ImportOptions import;
  import.check_external_data = !arguments.allow_missing_data;
  ir::ParsedModule parsed;
  if (absl::EndsWith(arguments.input, ".onnx")) {
    ALLOT_ASSIGN_OR_RETURN(parsed.module, ImportOnnx(arguments.input, import, diagnostics));
    return parsed;
  }
  ALLOT_ASSIGN_OR_RETURN(const std::string bytes, ReadText(arguments.input));
  const std::string name = InputName(arguments.input);
  if (!LooksLikeText(bytes)) {
    if (arguments.input != "-") {
      ALLOT_ASSIGN_OR_RETURN(parsed.module, ImportOnnx(arguments.input, import, diagnostics));
    } else {
      ALLOT_ASSIGN_OR_RETURN(parsed.module, ImportOnnxBytes(bytes, name, import, diagnostics));
    }
    return parsed;
  }
  ALLOT_ASSIGN_OR_RETURN(parsed, ir::Parse(bytes, name, target));
  parsed.module.source_folder = std::filesystem::path(arguments.input).parent_path().string();
  Diagnostics errors;
  ALLOT_RETURN_IF_ERROR(ir::Verify(parsed.module, errors), name, ": ");
  return parsed;
}

absl::Status Run(int argc, const char* const* argv) {
  Registries registries = ProgramRegistries();
  ALLOT_RETURN_IF_ERROR(LoadPlugins(argc, argv, registries));
  const PassRegistry& passes = registries.passes;
  Arguments arguments;
  arguments.compile.registries = &registries;
  CommandLine line("allot-opt", "[FILE.mlir|FILE.onnx|-] [--pass...] [-o FILE]",
                   "runs passes on the IR of an ONNX model");
  Declare(line, passes, arguments);
  ALLOT_RETURN_IF_ERROR(line.Parse(argc, argv));
  if (line.help_requested()) {
    std::fputs(line.Help().c_str(), stdout);
    return absl::OkStatus();
  }
  if (arguments.list_passes) {
    ListPasses(passes);
    return absl::OkStatus();
  }
  if (arguments.print_reference) {
    std::fputs(ReferenceMarkdown().c_str(), stdout);
    return absl::OkStatus();
  }
  if (line.positional().size() > 1)
    return InputError("more than one input: ", absl::StrJoin(line.positional(), ", "));
  if (!line.positional().empty()) arguments.input = line.positional()[0];
  if (!arguments.steps.empty() && !arguments.pipeline.empty()) {
    return InputError("--pass-pipeline cannot be mixed with passes given as flags");
  }
  const std::string text =
      arguments.pipeline.empty() ? absl::StrJoin(arguments.steps, ",") : arguments.pipeline;
  Pipeline pipeline;
  if (!text.empty()) {
    ALLOT_ASSIGN_OR_RETURN(pipeline, ParsePipeline(text, passes));
  }
  if (arguments.dump_pipeline) std::fprintf(stderr, "%s\n", PrintPipeline(pipeline).c_str());
  CompileOptions& compile = arguments.compile;
  compile.objective =
      arguments.objective == "latency" ? ir::Objective::kLatency : ir::Objective::kThroughput;
  compile.default_dim = arguments.default_dim;
  compile.seed = static_cast<uint64_t>(arguments.seed);
  compile.threads = static_cast<int>(arguments.threads);
  const auto split = [](const std::string& names) -> std::vector<std::string> {
    if (names.empty()) return {};
    return absl::StrSplit(names, ',');
  };
  arguments.instrumentation.print_ir_before = split(arguments.print_ir_before);
  arguments.instrumentation.print_ir_after = split(arguments.print_ir_after);

  ALLOT_ASSIGN_OR_RETURN(PlacementSetup setup, MakePlacementSetup(compile));
  arguments.instrumentation.target = &setup.target;
  Instrumentation instrumentation(arguments.instrumentation, pipeline.steps.size());
  Diagnostics diagnostics;
  instrumentation.Begin("Parser");
  ALLOT_ASSIGN_OR_RETURN(ir::ParsedModule parsed, Read(arguments, &setup.target, diagnostics));
  RunOptions run;
  run.verify_each = arguments.verify_each;
  run.hooks = &instrumentation;
  PassStatistics statistics;
  PassContext context = setup.Context(compile, diagnostics, statistics);
  const absl::Status outcome = RunPipeline(pipeline, parsed.module, parsed.plan, context, run);
  instrumentation.Begin("Output");
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity != Severity::kError)
      std::fprintf(stderr, "%s\n", ToString(diagnostic).c_str());
  }
  ALLOT_RETURN_IF_ERROR(outcome, InputName(arguments.input), ": ");

  ir::PrintOptions print;
  print.locations = arguments.locations;
  print.elide_larger_than = arguments.elide;
  print.plan = &parsed.plan;
  print.target = &setup.target;
  ALLOT_RETURN_IF_ERROR(WriteText(arguments.output, ir::Print(parsed.module, print) + "\n"));
  instrumentation.Finish();
  if (arguments.timing) std::fputs(instrumentation.timing().Report().c_str(), stderr);
  if (arguments.instrumentation.statistics)
    std::fputs(instrumentation.statistics_report().c_str(), stderr);
  return absl::OkStatus();
}

}  // namespace
}  // namespace allot

int main(int argc, char** argv) {
  const absl::Status status = allot::Run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return 1;
}
