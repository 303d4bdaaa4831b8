// The tester: IR or ONNX in, one pipeline, IR out. Behaves as mlir-opt does.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "api/compile.h"
#include "api/read_model.h"
#include "support/status.h"
#include "tools/command_line.h"
#include "tools/instrumentation.h"
#include "tools/listing.h"
#include "tools/name_suggestions.h"
#include "tools/opt_input.h"
#include "tools/plugin_flags.h"
#include "tools/program.h"
#include "tools/program_registries.h"
#include "tools/reference.h"
#include "tools/split_input.h"
#include "tools/text_file.h"

namespace allot {
namespace {

// Dumps show constants up to this size, unless the user says otherwise.
constexpr int64_t kDumpedBytes = 64;

struct Arguments {
  OptOptions opt;
  InstrumentationOptions instrumentation;
  std::string input = "-", output = "-", objective = "latency", words = "both";
  std::string split_marker;  // empty: the input is one
  std::string output_marker = kDefaultSplitMarker;
  std::vector<std::string> plugins;
  std::vector<std::string> steps;  // passes given as flags, in order
  int64_t elide_elements = -1, elide_hex = -1, threads = 1, seed = 1;
  bool list_passes = false, print_reference = false, show_dialects = false;
  bool accepted = false;  // of flags whose meaning is always on here
};

void DeclareInput(CommandLine& line, Arguments& arguments) {
  CompileOptions& compile = arguments.opt.compile;
  line.Section("Input and output");
  line.Value("o", "FILE", &arguments.output, "where the IR goes (default: -, standard output)");
  line.OptionalValue("split-input-file", "MARKER", kDefaultSplitMarker, &arguments.split_marker,
                     absl::StrCat("take the input apart at such lines (default: ",
                                  kDefaultSplitMarker, ")\nand process each part by itself"));
  line.Value("output-split-marker", "MARKER", &arguments.output_marker,
             "what stands between the results (default: the same)");
  line.Flag("verify-diagnostics", &arguments.opt.verify_diagnostics,
            "check what is reported against '// expected-error@+1 {{...}}'\n"
            "and the like in the input");
  line.Flag("verify-roundtrip", &arguments.opt.verify_roundtrip,
            "check that the IR survives printing and reading");
  line.Flag("allow-missing-data", &arguments.opt.allow_missing_data,
            "do not look for the files of external data");
  line.Flag("annotate", &arguments.opt.annotate,
            "print the input as it was, with the plan as attributes of its ops");
  line.Choice("words", {"both", "own", "users"}, &arguments.words,
              "... of others' ops: both (default), own (place.device),\n"
              "users (device, stream.affinity)");
  line.Flag(
      "print-problem", &arguments.opt.print_problem,
      "print the clusters as a placement problem for allot-solve,\nor one of chips, not the IR");
  line.Section("What passes see");
  line.Value("target", "FILE|NAME", &compile.target,
             "the machine, also host[:...] (default: host, this machine)");
  line.Choice("objective", {"latency", "throughput"}, &arguments.objective,
              "what is minimised (default: latency)");
  line.List("dim", "NAME=SIZE", &compile.dims, "size of a symbolic dimension, for costs only");
  line.Integer("default-dim", "SIZE", &compile.default_dim,
               "size of every other open dimension (default: 1)");
  line.List("pin", "REGEX=DEVICE", &compile.pins,
            "nodes whose whole name matches run there; before:REGEX\nand after:REGEX: all that "
            "lead there, or follow");
  line.List("forbid", "REGEX=DEVICE", &compile.forbids, "nodes whose whole name matches do not");
  line.List("together", "REGEX", &compile.together,
            "nodes whose whole name matches run on one device");
  line.Value("cost-model", "NAME", &compile.cost_model,
             "how operators are costed (default: roofline)");
  line.List("costs", "FILE", &compile.cost_files, "measured times");
  line.Integer("seed", "N", 0, std::numeric_limits<int64_t>::max(), &arguments.seed,
               "of the random choices (default: 1)");
  line.Integer("threads", "N", 1, CommandLine::kMaxThreads, &arguments.threads,
               "never changes the result (default: 1)");
  line.Flag("disable-threading", &arguments.opt.disable_threading, "the same as --threads=1");
}

void DeclarePasses(CommandLine& line, const PassRegistry& passes, Arguments& arguments) {
  const auto step = [&arguments](const std::string& name) {
    return [&arguments, name](absl::string_view options) {
      arguments.steps.push_back(options.empty() ? name : absl::StrCat(name, "{", options, "}"));
      return absl::OkStatus();
    };
  };
  line.Section("Pipelines");
  line.Value("pass-pipeline", "TEXT", &arguments.opt.pipeline,
             "such as 'onnx.graph(infer-shapes,coarsen{max-items=80})'");
  line.Flag("dump-pass-pipeline", &arguments.opt.dump_pipeline,
            "print the pipeline with every option to standard error");
  line.Flag("verify-each", &arguments.opt.verify_each, "verify after every pass (default: on)");
  line.Section("Passes, run in the order given, and their options with defaults");
  for (const Entry<GraphPass>& entry : passes.graph_passes.entries()) {
    line.Action(entry.name, "'k=v k=v'", step(entry.name), entry.summary, entry.options);
  }
  for (const Entry<PlanPass>& entry : passes.plan_passes.entries()) {
    line.Action(entry.name, "'k=v k=v'", step(entry.name), entry.summary, entry.options);
  }
  line.Section("Pass Pipelines");
  for (const NamedPipeline& pipeline : passes.pipelines) {
    line.Action(pipeline.name, pipeline.expand == nullptr ? "" : "'k=v k=v'", step(pipeline.name),
                pipeline.summary, pipeline.options);
  }
}

void DeclareInspection(CommandLine& line, Arguments& arguments) {
  OptOptions& opt = arguments.opt;
  DeclareInstrumentation(line, arguments.instrumentation);
  line.Section("When something goes wrong");
  line.Value("pass-pipeline-crash-reproducer", "FILE", &opt.crash_reproducer,
             "write a reproducer if a pass fails or crashes");
  line.Flag("pass-pipeline-local-reproducer", &opt.local_reproducer,
            "... of that pass alone, with the IR before it");
  line.Value("generate-reproducer", "FILE", &opt.generate_reproducer,
             "write a reproducer in any case");
  line.Flag("run-reproducer", &opt.run_reproducer, "run the pipeline that the input carries");
  line.Flag("print-op-on-diagnostic", &opt.print_op_on_diagnostic,
            "print the op that is reported about (default: on)");
  line.Section("How the IR is printed");
  line.Flag("print-debuginfo", &opt.printing.locations, "print locations");
  line.Integer("elide-elementsattrs-if-larger", "N", &arguments.elide_elements,
               "elide constants in memory of more than N elements;\nsuch text cannot be read back");
  line.Integer("elide-resource-strings-if-larger", "N", &arguments.elide_hex,
               "... whose text would be longer than N characters");
  line.Flag("print-op-generic", &arguments.accepted, "as always: there is no other form");
  line.Flag("print-local-scope", &arguments.accepted, "as always: locations stand at their ops");
  line.Flag("print-ir-module-scope", &arguments.accepted, "as always: dumps show the module");
  line.Flag("allow-unregistered-dialect", &arguments.accepted, "as always: any operator is taken");
  line.Section("Lists");
  line.Flag("list-passes", &arguments.list_passes, "print every pass with its options, then stop");
  line.Flag("show-dialects", &arguments.show_dialects, "print the dialects, then stop");
  line.Flag("print-reference", &arguments.print_reference, "print docs/reference.md, then stop");
  line.Action(
      "emit-bytecode", "",
      [](absl::string_view) {
        return InputError(
            "there is no bytecode of this IR; its binary form is ONNX: `allot MODEL "
            "-o DIR` writes it");
      },
      "refused: the binary form is ONNX, which allot writes");
}

void ListPasses(const PassRegistry& passes) {
  std::fputs(Listing(passes.graph_passes).c_str(), stdout);
  std::fputs(Listing(passes.plan_passes).c_str(), stdout);
  for (const NamedPipeline& pipeline : passes.pipelines) {
    std::printf("%s\n    %s\n", pipeline.name.c_str(), pipeline.summary.c_str());
    std::fputs(ListedOptions(pipeline.options).c_str(), stdout);
    std::printf("      = %s\n", pipeline.text.c_str());
  }
}

// What the flags say together.
absl::Status Interpret(const CommandLine& line, const Registries& registries,
                       Arguments& arguments) {
  OptOptions& opt = arguments.opt;
  if (line.positional().size() > 1) {
    return InputError("more than one input: ", absl::StrJoin(line.positional(), ", "));
  }
  if (!line.positional().empty()) arguments.input = line.positional()[0];
  if (absl::EndsWith(arguments.output, ".onnx")) {
    return InputError("-o ", arguments.output,
                      ": allot-opt writes text; `allot MODEL -o DIR` writes ONNX");
  }
  if (!arguments.steps.empty() && !opt.pipeline.empty()) {
    return InputError("--pass-pipeline cannot be mixed with passes given as flags");
  }
  if (opt.pipeline.empty()) opt.pipeline = absl::StrJoin(arguments.steps, ",");
  if (opt.run_reproducer && !opt.pipeline.empty()) {
    return InputError("--run-reproducer takes the pipeline from the input; leave the passes out");
  }
  ALLOT_RETURN_IF_ERROR(CheckDumpedPasses(arguments.instrumentation.dumps, registries.passes));
  // A wrong pipeline is an error even if no input is read.
  ALLOT_RETURN_IF_ERROR(ParsePipeline(opt.pipeline, registries.passes).status());
  CompileOptions& compile = opt.compile;
  compile.registries = &registries;
  compile.objective =
      arguments.objective == "latency" ? ir::Objective::kLatency : ir::Objective::kThroughput;
  compile.seed = static_cast<uint64_t>(arguments.seed);
  compile.threads = opt.disable_threading ? 1 : static_cast<int>(arguments.threads);
  opt.words = arguments.words == "own"     ? PlanWords::kOwn
              : arguments.words == "users" ? PlanWords::kUsers
                                           : PlanWords::kBoth;
  opt.printing.elide_more_elements = arguments.elide_elements;
  if (arguments.elide_hex >= 0) {
    // "0x", eight digits of alignment, and two for each byte.
    opt.printing.elide_larger_than = std::max<int64_t>(0, arguments.elide_hex - 10) / 2;
  }
  ir::PrintOptions& dumped = arguments.instrumentation.dumps.printing;
  dumped = opt.printing;
  const bool elides = arguments.elide_elements >= 0 || arguments.elide_hex >= 0;
  if (!elides) dumped.elide_larger_than = kDumpedBytes;
  return absl::OkStatus();
}

// Reads the input and gives it, in parts if so asked, to ProcessInput().
absl::Status Process(const Arguments& arguments, Instrumentation& instrumentation,
                     int& exit_status) {
  const OptOptions& opt = arguments.opt;
  OptInput input;
  input.name = InputName(arguments.input);
  input.folder = std::filesystem::path(arguments.input).parent_path().string();
  std::string bytes;
  if (absl::EndsWith(arguments.input, ".onnx")) {
    input.onnx_path = arguments.input;
  } else {
    ALLOT_ASSIGN_OR_RETURN(bytes, ReadText(arguments.input));
    if (!LooksLikeText(bytes) && !absl::EndsWith(arguments.input, ".mlir")) {
      input.onnx_path = arguments.input;
    }
  }
  input.text = bytes;
  std::vector<InputChunk> chunks = {{bytes, input.name}};
  if (!arguments.split_marker.empty() && input.onnx_path.empty()) {
    std::vector<std::string> warnings;
    chunks = SplitInput(bytes, input.name, arguments.split_marker, warnings);
    for (const std::string& warning : warnings) std::fprintf(stderr, "%s\n", warning.c_str());
  }
  std::string result;
  for (size_t i = 0; i < chunks.size(); ++i) {
    input.text = chunks[i].text;
    input.name = chunks[i].name;
    ALLOT_ASSIGN_OR_RETURN(const OptOutput output, ProcessInput(input, opt, instrumentation));
    if (i > 0) absl::StrAppend(&result, arguments.output_marker, "\n");
    result += output.text;
    if (!output.ok) exit_status = 1;
  }
  // A file is whole or not there; a reader of standard output gets what there is.
  if (exit_status == 0 || arguments.output == "-") {
    ALLOT_RETURN_IF_ERROR(WriteText(arguments.output, result));
  }
  return absl::OkStatus();
}

absl::Status Run(int argc, const char* const* argv, int& exit_status) {
  Registries registries = ProgramRegistries();
  ALLOT_RETURN_IF_ERROR(LoadPlugins(argc, argv, registries));
  const PassRegistry& passes = registries.passes;
  Arguments arguments;
  CommandLine line("allot-opt", "[FILE.mlir|FILE.onnx|-] [--pass...] [-o FILE]",
                   "runs passes on the IR of an ONNX model");
  DeclareInput(line, arguments);
  DeclarePluginFlags(line, arguments.plugins);
  DeclarePasses(line, passes, arguments);
  DeclareInspection(line, arguments);
  SuggestNames(line, registries);
  line.Example("allot-opt model.onnx --infer-shapes --coarsen -o model.mlir",
               "types and clusters of a model, as text");
  ALLOT_RETURN_IF_ERROR(line.Parse(argc, argv));
  if (const std::optional<std::string> answer = line.Answer()) {
    std::fputs(answer->c_str(), stdout);
    return absl::OkStatus();
  }
  if (arguments.list_passes) {
    ListPasses(passes);
    return absl::OkStatus();
  }
  if (arguments.show_dialects) {
    std::puts("Available Dialects: builtin,onnx");
    return absl::OkStatus();
  }
  if (arguments.print_reference) {
    std::fputs(ReferenceMarkdown().c_str(), stdout);
    return absl::OkStatus();
  }
  ALLOT_RETURN_IF_ERROR(Interpret(line, registries, arguments));
  Instrumentation instrumentation(arguments.instrumentation, /*num_steps=*/0);
  const absl::Status status = Process(arguments, instrumentation, exit_status);
  instrumentation.Finish();
  const absl::Status reported = instrumentation.Report();
  return status.ok() ? reported : status;
}

}  // namespace
}  // namespace allot

int main(int argc, char** argv) { return allot::RunProgram(argc, argv, allot::Run); }
