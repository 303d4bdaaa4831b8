// The driver: a model and a target in, a placement and the files that run it out.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "api/compile.h"
#include "api/placement_setup.h"
#include "operators/operators.h"
#include "support/nearest_name.h"
#include "support/status.h"
#include "target/builtin_targets.h"
#include "target/host/host_facts.h"
#include "target/host/host_target.h"
#include "target/target_json.h"
#include "tools/command_line.h"
#include "tools/compile_flags.h"
#include "tools/cost_report.h"
#include "tools/instrumentation.h"
#include "tools/name_suggestions.h"
#include "tools/plugin_flags.h"
#include "tools/program.h"
#include "tools/program_registries.h"
#include "tools/report.h"
#include "tools/subcommand.h"
#include "tools/terminal.h"

namespace allot {
namespace {

struct Arguments {
  CompileFlags flags;
  OutputOptions output;
  Registries& registries = flags.registries;
  CompileOptions& compile = flags.options;
  InstrumentationOptions instrumentation;
  std::string model, folder, emit, external_data, emit_ir_version;
  bool target_given = false;
  std::string colour = "auto", print_costs;
  bool json = false, quiet = false, verify_each = true, require_gain = false;
  bool dump_pipeline = false, print_target = false, list = false;
};

void Declare(CommandLine& line, Arguments& arguments) {
  line.Section("Input and output");
  DeclareTargetFlag(line, arguments.flags);
  line.Value("o", "DIR", &arguments.folder,
             "write all files into DIR; without it only the plan is made");
  line.Flag("force", &arguments.output.force,
            "replace files in DIR that Allot did not write, or that\nwere changed since");
  line.Value(
      "emit", "LIST", &arguments.emit,
      "only these outputs, see --list; without it, all\nbut those that are made only if asked for");
  line.Choice(
      "external-data", {"reference", "embed"}, &arguments.external_data,
      "reference (default): parts use the model's data files;\nembed: each part holds its weights");
  line.Choice("emit-ir-version", {"keep", "11"}, &arguments.emit_ir_version,
              "keep (default), or 11: also write device configurations");
  line.Flag("json", &arguments.json, "print the result as JSON");
  line.Flag("quiet", &arguments.quiet, "print errors only");
  line.Choice("color", {"auto", "always", "never"}, &arguments.colour,
              "colours; auto (default): on a terminal, unless NO_COLOR is set");
  line.Flag("require-gain", &arguments.require_gain,
            "exit with status 1 if splitting does not pay");
  DeclarePlanningFlags(line, arguments.flags);
  line.Section("Looking inside");
  line.Flag("dump-pass-pipeline", &arguments.dump_pipeline,
            "print the pipeline with every option and stop");
  line.Value("print-costs", "REGEX", &arguments.print_costs,
             "print what the nodes of these names cost on each\ndevice, instead of the result");
  line.Flag("verify-each", &arguments.verify_each, "verify after every pass (default: on)");
  DeclareInstrumentation(line, arguments.instrumentation);
  line.Section("Lists");
  line.Flag("print-target", &arguments.print_target,
            "print the machine as JSON, to edit and give to --target, then stop");
  line.Flag("list", &arguments.list, "print passes, solvers, targets and cost models, then stop");
  line.Example("allot model.onnx --target=cpu-2gpu --objective=throughput -o out",
               "plans a steady stream for a machine of a CPU and two GPUs, and writes the parts");
  line.Example("allot run out/manifest.json --check",
               "runs the parts and compares their outputs with the model's");
}

// What is asked for of files, which need a folder.
absl::Status InterpretOutput(Arguments& arguments) {
  OutputOptions& output = arguments.output;
  if (!arguments.emit.empty()) output.emit = absl::StrSplit(arguments.emit, ',');
  ALLOT_RETURN_IF_ERROR(CheckChoices(arguments.registries.emitters, output.emit));
  if (!arguments.external_data.empty()) output.external_data = arguments.external_data;
  if (arguments.emit_ir_version == "11") output.emit_ir_version = 11;
  const absl::string_view given = !output.emit.empty()                 ? "--emit"
                                  : !arguments.external_data.empty()   ? "--external-data"
                                  : !arguments.emit_ir_version.empty() ? "--emit-ir-version"
                                  : output.force                       ? "--force"
                                                                       : "";
  if (arguments.folder.empty() && !given.empty()) {
    return InputError(
        given, " is about files, and there is no folder for any: add -o DIR, or leave it out");
  }
  // What is written by itself holds all weights of the model; what inputs decide may leave some
  // out.
  arguments.compile.needs_data = !arguments.folder.empty() && output.emit.empty() &&
                                 arguments.compile.fixed.empty() && !arguments.compile.trains;
  return absl::OkStatus();
}

absl::Status Interpret(const CommandLine& line, Arguments& arguments) {
  if (line.positional().size() != 1) {
    return InputError(line.positional().empty() ? "no model given" : "more than one model given",
                      "; usage: allot MODEL --target=FILE|NAME -o DIR");
  }
  arguments.model = line.positional()[0];
  if (arguments.model.empty()) return InputError("the model's name is empty");
  if (arguments.colour != "auto") {
    SetColour(arguments.colour == "always" ? ColourWhen::kAlways : ColourWhen::kNever);
  }
  ALLOT_RETURN_IF_ERROR(FinishCompileFlags(arguments.flags));
  ALLOT_RETURN_IF_ERROR(InterpretOutput(arguments));
  if (arguments.require_gain && arguments.compile.trains) {
    return InputError("--require-gain is of inferences: leave it out, or --workload=training");
  }
  arguments.instrumentation.progress = StderrIsTerminal() && !arguments.quiet;
  return absl::OkStatus();
}

void PrintRegistries(const Registries& registries) {
  const PassRegistry& passes = registries.passes;
  const auto print = [](const auto& registry) {
    for (const auto& entry : registry.entries()) {
      std::printf("  %-20s %s%s\n", entry.name.c_str(), entry.summary.c_str(),
                  entry.on_request ? " (only if asked for)" : "");
    }
  };
  std::printf("graph passes:\n");
  print(passes.graph_passes);
  std::printf("plan passes:\n");
  print(passes.plan_passes);
  std::printf("pipelines:\n");
  for (const NamedPipeline& pipeline : passes.pipelines) {
    std::printf("  %-20s %s\n", pipeline.name.c_str(), pipeline.summary.c_str());
  }
  std::printf("solvers:\n");
  const std::vector<std::string> solvers = SolversOfItems(registries.solvers);
  for (const Entry<PlacementSolver>& entry : registries.solvers.entries()) {
    if (!absl::c_linear_search(solvers, entry.name)) continue;
    std::printf("  %-20s %s\n", entry.name.c_str(), entry.summary.c_str());
  }
  std::printf("cost models:\n");
  print(registries.cost_models);
  std::printf("outputs:\n");
  print(registries.emitters);
  std::string taught;
  for (const Operator& op : registries.operators.records()) {
    if (BuiltinOperators().Find(op.domain, op.op_type) != nullptr) continue;
    absl::StrAppendFormat(&taught, "  %-20s %s\n", OperatorName(op), OpFamilyName(op.family));
  }
  if (!taught.empty()) std::printf("operators of plug-ins:\n%s", taught.c_str());
  if (!registries.plugins.empty()) std::printf("plug-ins:\n");
  for (const LoadedPlugin& plugin : registries.plugins) {
    std::printf("  %-20s version %s, %s\n", plugin.name.c_str(), plugin.version.c_str(),
                plugin.path.c_str());
  }
  std::printf("targets:\n");
  for (const std::string& name : BuiltinTargetNames()) std::printf("  %s\n", name.c_str());
  const absl::StatusOr<HostFacts> facts = ReadHostFacts();
  std::printf(
      "  %s\n    this machine: %s\n", kHostTargetUsage,
      facts.ok() ? Describe(*facts).c_str() : std::string(facts.status().message()).c_str());
}

// "rum" for "run": an error if a word that names no file is nearly the name of a subcommand.
absl::Status CheckCommandName(const std::string& word) {
  std::error_code error;
  if (word.find_first_of("./-") != word.npos || std::filesystem::exists(word, error)) {
    return absl::OkStatus();
  }
  const std::string near = NearestName(word, SubcommandNames());
  if (near.empty()) return absl::OkStatus();
  return InputError("there is neither a command nor a model '", word, "'; did you mean 'allot ",
                    near, "'?");
}

absl::Status Run(int argc, const char* const* argv, int& exit_status) {
  Arguments arguments;
  arguments.compile.registries = &arguments.registries;
  CommandLine line("allot", "MODEL [--target=FILE|NAME] [--objective=latency|throughput] [-o DIR]",
                   "decides where an ONNX model runs on a machine of unlike devices");
  if (argc > 1) ALLOT_RETURN_IF_ERROR(CheckCommandName(argv[1]));
  ALLOT_RETURN_IF_ERROR(LoadPlugins(argc, argv, arguments.registries));
  Declare(line, arguments);
  SuggestNames(line, arguments.registries);
  const std::string usual = std::exchange(arguments.compile.target, "");
  ALLOT_RETURN_IF_ERROR(line.Parse(argc, argv));
  arguments.target_given = !arguments.compile.target.empty();
  if (!arguments.target_given) arguments.compile.target = usual;
  if (line.help_requested()) {
    std::fputs((line.Help() + SubcommandHelp()).c_str(), stdout);
    return absl::OkStatus();
  }
  if (const std::optional<std::string> answer = line.Answer(SubcommandWords())) {
    std::fputs(answer->c_str(), stdout);
    return absl::OkStatus();
  }
  if (arguments.list) {
    PrintRegistries(arguments.registries);
    return absl::OkStatus();
  }
  if (arguments.dump_pipeline) {
    ALLOT_RETURN_IF_ERROR(FinishCompileFlags(arguments.flags));
    ALLOT_ASSIGN_OR_RETURN(const Pipeline pipeline, ParsePipeline(PipelineText(arguments.compile),
                                                                  arguments.registries.passes));
    std::printf("%s\n", PrintPipeline(pipeline).c_str());
    return absl::OkStatus();
  }
  if (arguments.print_target) {
    ALLOT_ASSIGN_OR_RETURN(const PlacementSetup setup, MakePlacementSetup(arguments.compile));
    std::fputs(PrintTarget(setup.target).c_str(), stdout);
    return absl::OkStatus();
  }
  ALLOT_RETURN_IF_ERROR(Interpret(line, arguments));
  // First the machine, which also decides who places, and may come through a pipe.
  Diagnostics notes;  // its errors are those of the status
  ALLOT_ASSIGN_OR_RETURN(arguments.compile.machine, LoadTarget(arguments.compile.target, notes));
  ALLOT_ASSIGN_OR_RETURN(const Pipeline pipeline, ParsePipeline(PipelineText(arguments.compile),
                                                                arguments.registries.passes));

  ALLOT_RETURN_IF_ERROR(
      CheckDumpedPasses(arguments.instrumentation.dumps, arguments.registries.passes));
  arguments.instrumentation.dumps.printing.target = &*arguments.compile.machine;
  arguments.instrumentation.dumps.printing.elide_larger_than = 64;
  Instrumentation instrumentation(arguments.instrumentation, pipeline.steps.size());
  arguments.compile.progress = [&instrumentation](Picos value, Picos bound, int64_t) {
    instrumentation.Reached(value, bound);
  };
  RunOptions run;
  run.verify_each = arguments.verify_each;
  run.hooks = &instrumentation;
  Diagnostics diagnostics;
  for (const Diagnostic& note : notes.all()) diagnostics.Report(note);
  absl::StatusOr<Compilation> compilation =
      Compile(arguments.model, arguments.compile, diagnostics, run, &instrumentation);
  if (compilation.ok() && !arguments.target_given) {
    diagnostics.Note("",
                     absl::StrCat("placed on this machine; --target names another one: a file, or ",
                                  absl::StrJoin(BuiltinTargetNames(), ", ")));
  }
  std::vector<std::string> files;
  absl::Status outcome = compilation.status();
  if (outcome.ok() && !compilation->plan.summary.has_value()) {
    outcome =
        InputError("the pipeline makes no schedule: end it with ...,place,form-parts,schedule,",
                   "or use allot-opt for single passes");
  }
  std::string costs;
  if (outcome.ok() && !arguments.print_costs.empty()) {
    absl::StatusOr<std::string> report =
        CostReport(*compilation, arguments.compile, arguments.print_costs);
    outcome = report.status();
    if (report.ok()) costs = *std::move(report);
  }
  if (outcome.ok() && !arguments.folder.empty()) {
    instrumentation.Begin("write files");
    absl::StatusOr<std::vector<std::string>> written =
        compilation->Write(arguments.folder, arguments.output);
    outcome = written.status();
    if (written.ok()) files = *std::move(written);
    constexpr char kAnnotated[] = "model.annotated.onnx";
    const bool trains = compilation->plan.training.has_value();
    if (outcome.ok() && arguments.output.emit.empty() && !trains &&
        !absl::c_linear_search(files, kAnnotated)) {
      diagnostics.Warning(arguments.folder,
                          absl::StrCat(kAnnotated,
                                       " is left out: with its weights inside, the whole "
                                       "model is larger than the 2 GiB of an ONNX file"));
    }
  }
  instrumentation.Finish();
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    // The error that ends the run is printed once, below.
    if (arguments.quiet || diagnostic.severity == Severity::kError) continue;
    std::fprintf(stderr, "%s\n", ColourMessage(ToString(diagnostic), HasColour(stderr)).c_str());
  }
  ALLOT_RETURN_IF_ERROR(outcome);

  if (!arguments.print_costs.empty()) {
    std::fputs(costs.c_str(), stdout);
  } else if (arguments.json) {
    const Json report =
        JsonReport(*compilation, arguments.model, arguments.folder, files, diagnostics);
    std::printf("%s\n", PrintJson(report).c_str());
  } else if (!arguments.quiet) {
    const std::string report = TableReport(*compilation, arguments.model, arguments.folder, files);
    std::fputs(ColourReport(report, HasColour(stdout)).c_str(), stdout);
  }
  ALLOT_RETURN_IF_ERROR(instrumentation.Report());
  if (arguments.require_gain && !CompareWithUnsplit(*compilation->plan.summary).splitting_pays) {
    exit_status = 1;
  }
  return absl::OkStatus();
}

// A subcommand, or a model to place.
absl::Status RunAny(int argc, char** argv, int& exit_status) {
  if (argc > 1) {
    if (const SubcommandFunction subcommand = FindSubcommand(argv[1])) {
      return subcommand(argc - 1, argv + 1, exit_status);
    }
    if (IsSubcommand(argv[1])) {
      const char* const path = std::getenv("PATH");
      return ExecSubcommand(argv, path == nullptr ? "" : path);
    }
  }
  return Run(argc, argv, exit_status);
}

}  // namespace
}  // namespace allot

int main(int argc, char** argv) { return allot::RunProgram(argc, argv, allot::RunAny); }
