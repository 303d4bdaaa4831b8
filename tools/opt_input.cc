#include "tools/opt_input.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "api/placement_setup.h"
#include "ir/print.h"
#include "ir/text/splice_attributes.h"
#include "ir/text/syntax.h"
#include "ir/verify.h"
#include "mlir_import/import.h"
#include "onnx_import/import.h"
#include "passes/problem/chip_module.h"
#include "passes/problem/cluster_problem.h"
#include "placement/formats/problem_json.h"
#include "placement/kinds/chips/formats/chips_json.h"
#include "support/status.h"
#include "target/target_json.h"
#include "tools/crash_reproducer.h"
#include "tools/diagnostic_verifier.h"
#include "tools/pass_label.h"
#include "tools/text_file.h"

namespace allot {
namespace {

// Keeps a reproducer up to date while a pipeline runs, and passes everything on.
class ReproducerHooks final : public PassHooks {
 public:
  ReproducerHooks(const OptOptions& options, Reproducer reproducer, PassHooks& next)
      : options_(options), reproducer_(std::move(reproducer)), next_(next) {
    if (!options.crash_reproducer.empty()) {
      crash_ = std::make_unique<CrashReproducer>(options.crash_reproducer);
    }
  }

  // The state before the first pass.
  void Start(const ir::Module& module, const ir::Plan& plan) {
    if (crash_ != nullptr) Keep(PrintReproducer(reproducer_, module, plan));
  }
  // Writes what a failure leaves behind, and says so.
  absl::Status Fail() {
    if (crash_ == nullptr || failed_pass_.empty()) return absl::OkStatus();
    ALLOT_RETURN_IF_ERROR(WriteText(options_.crash_reproducer, text_));
    std::fprintf(stderr,
                 "note: pipeline failed while executing `%s`: reproducer generated at `%s`\n",
                 PassLabel(failed_pass_).c_str(), options_.crash_reproducer.c_str());
    return absl::OkStatus();
  }

  void Before(const PipelineStep& step, int index, const ir::Module& module,
              const ir::Plan& plan) override {
    next_.Before(step, index, module, plan);
    if (crash_ == nullptr) return;
    if (options_.local_reproducer) {
      Reproducer local = reproducer_;
      local.pipeline =
          absl::StrCat("builtin.module(onnx.graph(", step.name,
                       step.options.empty() ? "" : absl::StrCat("{", step.options, "}"), "))");
      Keep(PrintReproducer(local, module, plan));
    }
    crash_->SetPass(step.name);
  }
  void After(const PipelineStep& step, int index, const ir::Module& module, const ir::Plan& plan,
             const absl::Status& outcome, bool changed, const PassStatistics& statistics) override {
    if (!outcome.ok()) failed_pass_ = step.name;
    next_.After(step, index, module, plan, outcome, changed, statistics);
  }
  void BeginStep(absl::string_view name) override { next_.BeginStep(name); }
  void EndStep() override { next_.EndStep(); }

 private:
  void Keep(std::string text) {
    text_ = std::move(text);
    crash_->SetText(text_);
  }

  const OptOptions& options_;
  Reproducer reproducer_;
  PassHooks& next_;
  std::unique_ptr<CrashReproducer> crash_;
  std::string text_, failed_pass_;
};

class InputRun {
 public:
  InputRun(const OptInput& input, const OptOptions& options, Instrumentation& instrumentation)
      : input_(input),
        options_(options),
        instrumentation_(instrumentation),
        source_(input.onnx_path.empty() ? SourceText(input.name, input.text)
                                        : SourceText(input.name)) {
    if (options.verify_diagnostics) verifier_.emplace(source_);
  }

  absl::StatusOr<OptOutput> Run() {
    OptOutput output;
    ALLOT_ASSIGN_OR_RETURN(output.ok, Process(output.text));
    if (verifier_.has_value()) {
      const std::string complaints = std::move(*verifier_).Finish();
      std::fputs(complaints.c_str(), stderr);
      output.ok = complaints.empty();
    }
    return output;
  }

 private:
  // Returns whether nothing was wrong with the input.
  absl::StatusOr<bool> Process(std::string& text) {
    instrumentation_.Begin("Parser");
    Reproducer run;
    run.pipeline = options_.pipeline;
    run.disable_threading = options_.disable_threading;
    run.verify_each = options_.verify_each;
    run.compile = options_.compile;
    if (options_.run_reproducer) {
      const absl::StatusOr<std::optional<Reproducer>> found = ReadReproducer();
      if (!found.ok()) return Reject(found.status());
      if (found->has_value()) run = **found;
    }
    Pipeline pipeline;
    if (!run.pipeline.empty()) {
      ALLOT_ASSIGN_OR_RETURN(pipeline, ParsePipeline(run.pipeline, run.compile.registries->passes));
    }
    run.pipeline = PrintPipeline(pipeline);
    if (options_.dump_pipeline) {
      std::fprintf(stderr, "Pass Manager with %zu passes:\n%s\n\n", pipeline.steps.size(),
                   run.pipeline.c_str());
    }
    ALLOT_ASSIGN_OR_RETURN(PlacementSetup setup, MakePlacementSetup(run.compile));
    run.compile.machine = setup.target;
    instrumentation_.set_target(&setup.target);
    instrumentation_.set_num_steps(pipeline.steps.size());

    Diagnostics diagnostics;
    absl::StatusOr<ir::ParsedModule> parsed = Read(setup.target, diagnostics);
    if (!parsed.ok()) {
      ReportAll(diagnostics, nullptr);
      return Reject(parsed.status());
    }
    source_.AddOps(*parsed);
    if (options_.verify_roundtrip) {
      if (const absl::Status round = CheckRoundTrip(*parsed, setup.target); !round.ok()) {
        return Reject(round);
      }
    }
    if (!options_.generate_reproducer.empty()) {
      ALLOT_RETURN_IF_ERROR(WriteText(options_.generate_reproducer,
                                      PrintReproducer(run, parsed->module, parsed->plan)),
                            "--generate-reproducer: ");
    }
    ReproducerHooks hooks(options_, run, instrumentation_);
    hooks.Start(parsed->module, parsed->plan);
    RunOptions run_options;
    run_options.verify_each = run.verify_each;
    run_options.hooks = &hooks;
    PassStatistics statistics;
    PassContext context = setup.Context(run.compile, diagnostics, statistics);
    const absl::Status outcome =
        RunPipeline(pipeline, parsed->module, parsed->plan, context, run_options);
    instrumentation_.Begin("Output");
    ReportAll(diagnostics, &parsed->module);
    if (!outcome.ok()) {
      Report(source_.Locate(outcome), &parsed->module);
      ALLOT_RETURN_IF_ERROR(hooks.Fail(), "--pass-pipeline-crash-reproducer: ");
      return false;
    }
    if (options_.print_problem) {
      absl::StatusOr<BuiltProblem> built =
          BuildClusterProblem(parsed->module, parsed->plan, context);
      if (!built.ok()) return Reject(built.status());
      if (IsChipModule(setup.target) && !built->problem.items.empty()) {
        const absl::StatusOr<ChipsOfPlan> chips = MakeChipsOfPlan(*built, setup.target);
        if (!chips.ok()) return Reject(chips.status());
        text = chips::PrintProblem(chips->problem);
        return true;
      }
      // As `place` asks solvers that form no parts.
      built->problem.launch_on_arrival = true;
      text = WriteProblem(built->problem);
      return true;
    }
    if (options_.annotate) {
      text = Annotated(parsed->module, parsed->plan, setup.target);
      return true;
    }
    ir::PrintOptions print = options_.printing;
    print.plan = &parsed->plan;
    print.target = &setup.target;
    text = ir::Print(parsed->module, print) + "\n";
    return true;
  }

  // The text that was read, with the plan on its ops.
  std::string Annotated(const ir::Module& module, const ir::Plan& plan, const Target& target) {
    std::vector<TreeDiagnostic> warnings;
    std::map<size_t, ir::text::Dictionary> attributes;
    for (PlacedOp& op : PlanOfOps(module, plan, target, origin_, options_.words, warnings)) {
      attributes[op.offset] = std::move(op.attributes);
    }
    for (const TreeDiagnostic& warning : warnings) {
      const absl::Status placed =
          ir::text::ErrorAt(input_.text, input_.name, warning.offset, warning.message);
      SourceDiagnostic diagnostic = source_.Locate(placed);
      diagnostic.severity = warning.severity;
      Report(std::move(diagnostic), nullptr);
    }
    return ir::text::SpliceAttributes(input_.text, document_, attributes);
  }

  absl::StatusOr<std::optional<Reproducer>> ReadReproducer() const {
    if (!input_.onnx_path.empty()) {
      return InputError(input_.name, ": an ONNX file carries no reproducer");
    }
    ALLOT_ASSIGN_OR_RETURN(
        const ir::text::Document document,
        ir::text::ParseDocument(input_.text, input_.name, ir::text::DialectsOf(input_.text)));
    return FindReproducer(document.external_resources, options_.compile);
  }

  absl::StatusOr<ir::ParsedModule> Read(const Target& target, Diagnostics& diagnostics) {
    if (input_.onnx_path.empty()) {
      ALLOT_ASSIGN_OR_RETURN(
          ir::text::Document document,
          ir::text::ParseDocument(input_.text, input_.name, ir::text::DialectsOf(input_.text)));
      if (options_.annotate) {
        document_ = document;
        MarkOrigins(document);
      }
      ALLOT_ASSIGN_OR_RETURN(MlirModel model,
                             ImportMlirTree(std::move(document), input_.text, input_.name, &target,
                                            ir::UnnamedOps::kLieInTheText));
      origin_ = {model.form, model.graph_offset, model.parsed.module.graph.num_nodes()};
      ir::ParsedModule& parsed = model.parsed;
      parsed.module.source_folder = input_.folder;
      return std::move(parsed);
    }
    if (options_.annotate) {
      return InputError(input_.name, ": --annotate gives back a text, and this is ONNX");
    }
    ImportOptions import;
    import.check_external_data = !options_.allow_missing_data;
    ir::ParsedModule parsed;
    if (input_.onnx_path == "-") {
      ALLOT_ASSIGN_OR_RETURN(parsed.module,
                             ImportOnnxBytes(input_.text, input_.name, import, diagnostics));
    } else {
      ALLOT_ASSIGN_OR_RETURN(parsed.module, ImportOnnx(input_.onnx_path, import, diagnostics));
    }
    return parsed;
  }

  // Print, parse, print: the same module and the same text.
  absl::Status CheckRoundTrip(const ir::ParsedModule& parsed, const Target& target) const {
    ir::PrintOptions print;
    print.locations = true;
    print.plan = &parsed.plan;
    print.target = &target;
    const std::string first = ir::Print(parsed.module, print);
    ALLOT_ASSIGN_OR_RETURN(const ir::ParsedModule again, ir::Parse(first, "round trip", &target),
                           "the round trip fails: ");
    print.plan = &again.plan;
    if (!ir::Equal(parsed.module, again.module) || !(parsed.plan == again.plan) ||
        ir::Print(again.module, print) != first) {
      return InputError("the round trip through text gives another module");
    }
    return absl::OkStatus();
  }

  bool Reject(const absl::Status& why) {
    Report(source_.Locate(why), nullptr);
    return false;
  }

  void ReportAll(const Diagnostics& diagnostics, const ir::Module* module) {
    for (const Diagnostic& diagnostic : diagnostics.all()) {
      // The error that ends the work is reported once, by itself.
      if (diagnostic.severity == Severity::kError) continue;
      Report(source_.Locate(diagnostic), module);
    }
  }

  // `module`: where the op stands that it is about, if it stands anywhere yet.
  void Report(SourceDiagnostic diagnostic, const ir::Module* module) {
    if (verifier_.has_value()) {
      verifier_->Observe(diagnostic);
      return;
    }
    std::fputs(ToString(diagnostic).c_str(), stderr);
    if (module == nullptr || diagnostic.op.empty() || !options_.print_op_on_diagnostic) return;
    ir::PrintOptions print;
    print.elide_larger_than = 64;
    for (const ir::NodeId id : module->graph.nodes()) {
      if (ir::Describe(module->graph.node(id)) != diagnostic.op) continue;
      diagnostic.severity = Severity::kNote;
      diagnostic.message = absl::StrCat("see current operation: ",
                                        absl::StripSuffix(ir::PrintNode(*module, id, print), "\n"));
      diagnostic.excerpt.clear();
      std::fputs(ToString(diagnostic).c_str(), stderr);
      return;
    }
  }

  const OptInput& input_;
  const OptOptions& options_;
  Instrumentation& instrumentation_;
  SourceText source_;
  ir::text::Document document_;  // only to annotate it
  TreeOrigin origin_;
  std::optional<DiagnosticVerifier> verifier_;
};

}  // namespace

absl::StatusOr<OptOutput> ProcessInput(const OptInput& input, const OptOptions& options,
                                       Instrumentation& instrumentation) {
  return InputRun(input, options, instrumentation).Run();
}

}  // namespace allot
