// allot check MODEL --golden=plan.json: plans again as the golden file says, and compares.
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"

#include "api/compile.h"
#include "api/placement_setup.h"
#include "lowering/plan_file.h"
#include "support/json.h"
#include "support/status.h"
#include "target/builtin_targets.h"
#include "target/host/host_target.h"
#include "tools/command_line.h"
#include "tools/compile_flags.h"
#include "tools/plan_commands.h"
#include "tools/plan_diff.h"
#include "tools/plan_diff_report.h"
#include "tools/plugin_flags.h"
#include "tools/text_file.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  CompileFlags flags;
  std::string golden;
  bool rebase = false, json = false, quiet = false;
};

CommandLine Declare(Arguments& arguments) {
  CommandLine line("allot check", "MODEL --golden=plan.json [--rebase]",
                   "plans MODEL again as a golden plan.json was planned, but for what flags say\n"
                   "otherwise. Exit status 0: the plan is the same; 1: it differs, or there is an\n"
                   "error and nothing on standard output");
  line.Section("Comparing");
  line.Value("golden", "FILE", &arguments.golden, "the plan.json to compare with");
  line.Flag("rebase", &arguments.rebase, "write the plan of now to FILE instead of comparing");
  line.Flag("json", &arguments.json, "print the differences as JSON");
  line.Flag("quiet", &arguments.quiet, "leave out warnings");
  DeclareTargetFlag(line, arguments.flags);
  DeclarePlanningFlags(line, arguments.flags);
  return line;
}

// An output folder stands for the plan in it.
void FindPlanInFolder(std::string& golden) {
  std::error_code error;
  if (fs::is_directory(golden, error)) golden = (fs::path(golden) / "plan.json").string();
}

// A file that the golden plan was made from, found from the golden file's folder.
absl::StatusOr<std::string> Located(const std::string& golden, const std::string& path,
                                    absl::string_view flag) {
  if (path.empty()) {
    return InputError(golden, ": was planned with ", flag,
                      " from a pipe, which nobody can read once more; say ", flag, "=FILE");
  }
  const fs::path found = fs::path(golden).parent_path() / path;
  std::error_code error;
  if (fs::is_regular_file(found, error)) return found.string();
  return InputError(golden, ": was planned with ", flag, "=", path, ", which is ",
                    fs::exists(found, error) ? "no file" : "not there",
                    ", seen from its folder; say ", flag, "=FILE");
}

// What `plan` was made from as the defaults of flags, where `given` has no values for lists and for
// what the pipeline follows from.
absl::Status SetDefaults(const PlanFile& plan, const std::string& golden, const Arguments& given,
                         CompileFlags& flags) {
  CompileOptions& options = flags.options;
  const Provenance& made_from = plan.made_from;
  const CompileOptions& now = given.flags.options;
  flags.objective = std::string(ir::ObjectiveName(made_from.objective));
  flags.default_dim = plan.default_dim;
  flags.seed = static_cast<int64_t>(made_from.seed);
  options.cost_model = made_from.cost_model;
  if (now.solver.empty() && now.work < 0 && !now.strict_shapes) options.pipeline = plan.pipeline;
  if (now.dims.empty()) {
    for (const auto& [name, size] : plan.dims) {
      options.dims.push_back(absl::StrCat(name, "=", size));
    }
  }
  if (now.pins.empty()) options.pins = made_from.pins;
  if (now.forbids.empty()) options.forbids = made_from.forbids;
  if (now.together.empty()) options.together = made_from.together;
  if (now.cost_files.empty()) {
    for (const Provenance::File& file : made_from.costs) {
      ALLOT_ASSIGN_OR_RETURN(options.cost_files.emplace_back(),
                             Located(golden, file.path, "--costs"));
    }
  }
  if (now.start.empty() && made_from.start.has_value()) {
    ALLOT_ASSIGN_OR_RETURN(options.start, Located(golden, made_from.start->path, "--start"));
  }
  if (!now.target.empty()) return absl::OkStatus();
  options.target = made_from.target.path;
  if (BuiltinTargetText(options.target).ok() || IsHostTarget(options.target)) {
    return absl::OkStatus();
  }
  ALLOT_ASSIGN_OR_RETURN(options.target, Located(golden, made_from.target.path, "--target"));
  return absl::OkStatus();
}

absl::Status TrySetup(const CompileOptions& options) {
  ALLOT_RETURN_IF_ERROR(MakePlacementSetup(options).status());
  return ParsePipeline(PipelineText(options), options.registries->passes).status();
}

// An error of planning, by the golden file's name if what it says (`recorded`, without the flags
// that were given) is enough for the error.
absl::Status Blamed(const absl::Status& error, const Arguments& given, Arguments recorded) {
  if (!given.flags.options.target.empty()) {
    recorded.flags.options.target = given.flags.options.target;
    if (!LoadTarget(given.flags.options.target).ok()) return error;
  }
  ALLOT_RETURN_IF_ERROR(FinishCompileFlags(recorded.flags));
  const absl::Status alone = TrySetup(recorded.flags.options);
  if (alone.message() != error.message()) return error;
  return WithContext(error, absl::StrCat(given.golden, ": "));
}

// The text of plan.json for the model, as it would lie in the folder of the golden file.
absl::StatusOr<std::string> PlanNow(const std::string& model, const Arguments& arguments) {
  Diagnostics diagnostics;
  ALLOT_ASSIGN_OR_RETURN(const Compilation compilation,
                         Compile(model, arguments.flags.options, diagnostics));
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (!arguments.quiet) std::fprintf(stderr, "%s\n", ToString(diagnostic).c_str());
  }
  const std::string folder = fs::path(arguments.golden).parent_path().string();
  ALLOT_ASSIGN_OR_RETURN(const std::vector<OutputFile> files,
                         compilation.Outputs(folder.empty() ? "." : folder, {.emit = {"plan"}}));
  return files.front().chunks.front().bytes;
}

}  // namespace

absl::Status CheckCommand(int argc, const char* const* argv, int& exit_status) {
  // Parsed twice: first for what is given, then on top of what the golden file says.
  Arguments given;
  given.flags.options.target.clear();
  given.flags.options.solver.clear();
  given.flags.options.work = -1;
  ALLOT_RETURN_IF_ERROR(LoadPlugins(argc, argv, given.flags.registries));
  CommandLine first = Declare(given);
  ALLOT_RETURN_IF_ERROR(first.Parse(argc, argv));
  if (const std::optional<std::string> answer = first.Answer()) {
    std::fputs(answer->c_str(), stdout);
    return absl::OkStatus();
  }
  if (first.positional().size() != 1 || given.golden.empty()) {
    return InputError(given.golden.empty()         ? "no golden file given"
                      : first.positional().empty() ? "no model given"
                                                   : "more than one model given",
                      "; usage: allot check MODEL --golden=plan.json");
  }
  const std::string& model = first.positional()[0];
  FindPlanInFolder(given.golden);

  Arguments arguments;
  arguments.flags.registries = given.flags.registries;
  std::optional<PlanFile> golden;
  std::error_code error;
  if (fs::exists(given.golden, error) || !given.rebase) {
    ALLOT_ASSIGN_OR_RETURN(golden, ReadPlanFile(given.golden));
    ALLOT_RETURN_IF_ERROR(SetDefaults(*golden, given.golden, given, arguments.flags));
  }
  const Arguments recorded = arguments;
  CommandLine line = Declare(arguments);
  ALLOT_RETURN_IF_ERROR(line.Parse(argc, argv));
  arguments.golden = given.golden;
  ALLOT_RETURN_IF_ERROR(FinishCompileFlags(arguments.flags));
  const absl::StatusOr<std::string> planned = PlanNow(model, arguments);
  if (!planned.ok()) {
    return golden.has_value() ? Blamed(planned.status(), given, recorded) : planned.status();
  }
  const std::string& text = *planned;
  ALLOT_ASSIGN_OR_RETURN(const PlanFile now, ParsePlanFile(text, model));
  if (arguments.rebase) {
    ALLOT_RETURN_IF_ERROR(WriteText(arguments.golden, text));
    if (!golden.has_value()) return absl::OkStatus();
  }
  const PlanDiff diff = ComparePlans(*golden, now);
  if (arguments.json) {
    std::printf("%s\n", PrintJson(DiffJson(diff, *golden, now)).c_str());
  } else if (!diff.equal) {
    std::fputs(DiffText(diff, *golden, now, arguments.golden, model).c_str(), stdout);
  }
  exit_status = diff.equal || arguments.rebase ? 0 : 1;
  return absl::OkStatus();
}

}  // namespace allot
