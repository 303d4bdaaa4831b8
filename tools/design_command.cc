// allot design MODELS... --space=SPACE: the best accelerator of a space.
#include "tools/design_command.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "api/placement_setup.h"
#include "api/prepared_model.h"
#include "api/unmatched.h"
#include "design/model/layer_graph.h"
#include "design/report/checkpoint.h"
#include "design/report/design_page.h"
#include "design/report/result_json.h"
#include "lowering/to_onnx.h"
#include "onnx_import/import.h"
#include "support/read_file.h"
#include "support/status.h"
#include "target/hardware/space_json.h"
#include "target/quantity.h"
#include "tools/command_line.h"
#include "tools/design_stages.h"
#include "tools/program_registries.h"
#include "tools/terminal.h"
#include "tools/text_file.h"

namespace allot {
namespace {

namespace fs = std::filesystem;
using design::Question;

constexpr char kCheckpoint[] = "search.jsonl";

struct Arguments {
  std::string space = "phaze", objective = "training", combine = "mean", per = "none",
              optimizer = "sgd", stop_rule, link, latencies, output;
  std::vector<std::string> microbatches = {"1"}, memories = {"80"}, tensors = {"1"}, weights, dims;
  std::string recompute = "no,yes";
  int64_t devices = 1024, batch = 4096, rank = 10, threads = 1, default_dim = 1;
  double area = 0;
  bool list = false, json = false, resume = false, progress = false, emit_stages = false;
};

CommandLine Declare(Arguments& a) {
  CommandLine line("allot design", "MODELS... [--space=FILE|NAME] [--devices=N]",
                   "finds the accelerator of a space that is best for models, and how they run on\n"
                   "many of it. What operators take is estimated by an analytical model");
  line.Section("The space");
  line.Value("space", "FILE|NAME", &a.space,
             absl::StrCat("of accelerators: JSON, or a built-in one (",
                          absl::StrJoin(hardware::BuiltinSpaceNames(), ", "), "; default: phaze)"));
  line.Flag("list", &a.list, "print all accelerators of the space as CSV, then stop");
  line.Number("area", "MM2", &a.area, "leave out what is larger (default: as the space says)");
  line.Value("link", "BYTES/s", &a.link, "between devices (default: as the space says)");
  line.Section("The question");
  line.Choice("objective", {"training", "inference", "latency"}, &a.objective,
              "samples per second of training (default) or of inference, or the time\n"
              "of one microbatch from end to end");
  line.Integer("devices", "N", 1, 1 << 20, &a.devices, "how many accelerators (default: 1024)");
  line.Integer("batch", "N", 1, 1 << 30, &a.batch, "samples of a batch (default: 4096)");
  line.Names("mbs", "N", &a.microbatches, "samples of a microbatch, several to try (default: 1)");
  line.Names("hbm", "GIB", &a.memories, "memory of a device, several to try (default: 80)");
  line.Names("tp", "N", &a.tensors, "devices that share a layer, several to try (default: 1)");
  line.Value("recompute", "no|yes|no,yes", &a.recompute,
             "whether activations are computed again (default: no,yes)");
  line.Choice("optimizer", {"sgd", "adam"}, &a.optimizer,
              "what is kept of parameters (default: sgd)");
  line.Section("Several models");
  line.Choice("combine", {"mean", "worst"}, &a.combine,
              "the mean of their rates (default), or the least");
  line.Names("weights", "W", &a.weights, "of the models in the mean (default: 1 each)");
  line.Choice("per", {"none", "area", "watt"}, &a.per,
              "divide by the area or the power of a device");
  line.Section("The models");
  line.List("dim", "NAME=SIZE", &a.dims, "size of a symbolic dimension, for one sample");
  line.Integer("default-dim", "SIZE", 1, 1 << 30, &a.default_dim,
               "any other open dimension (default: 1)");
  line.Value("latencies", "CSV", &a.latencies,
             "measured times of tasks, lines TASK,SECONDS, instead of estimates");
  line.Section("The search and its output");
  line.Choice("stop-rule", {"published"}, &a.stop_rule,
              "also follow the published rule that ends a search early, for comparison");
  line.Integer("rank", "N", 1, 1000, &a.rank, "how many configurations to list (default: 10)");
  line.Integer("threads", "N", 1, CommandLine::kMaxThreads, &a.threads,
               "never changes the result (default: 1)");
  line.Flag("json", &a.json, "print the result as JSON");
  line.Value("o", "DIR", &a.output,
             "write design.json, design.html, target.json and stages.json there");
  line.Flag("emit-stages", &a.emit_stages,
            "also write the stages of each model there, as ONNX files in a\n"
            "folder of its own");
  line.Flag("resume", &a.resume, "go on with a search that was interrupted, from its -o folder");
  line.Flag("progress", &a.progress, "say on standard error how far it is");
  return line;
}

absl::StatusOr<std::vector<int64_t>> Numbers(const std::vector<std::string>& texts,
                                             absl::string_view flag) {
  std::vector<int64_t> numbers;
  for (const std::string& text : texts) {
    int64_t number = 0;
    if (!absl::SimpleAtoi(text, &number) || number < 1 || number > (1 << 20)) {
      return InputError("--", flag, ": expected numbers from 1 to ", 1 << 20, ", not '", text, "'");
    }
    numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

absl::Status ReadWeights(const Arguments& a, Question& question) {
  question.weights.assign(question.models.size(), 1);
  if (a.weights.empty()) return absl::OkStatus();
  if (a.weights.size() != question.models.size()) {
    return InputError("--weights: there are ", a.weights.size(), " for ", question.models.size(),
                      " models");
  }
  for (size_t i = 0; i < a.weights.size(); ++i) {
    if (!absl::SimpleAtod(a.weights[i], &question.weights[i]) || !(question.weights[i] > 0) ||
        question.weights[i] > 1e9) {
      return InputError("--weights: '", a.weights[i], "' is no positive number");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<bool>> ReadRecompute(const std::string& text) {
  if (text == "no") return std::vector<bool>{false};
  if (text == "yes") return std::vector<bool>{true};
  if (text == "no,yes" || text == "yes,no") return std::vector<bool>{false, true};
  return InputError("--recompute=", text, ": expected no, yes, or no,yes");
}

absl::Status ReadModels(const Arguments& a, const std::vector<std::string>& paths,
                        Question& question, std::vector<PreparedModel>& prepared) {
  const Registries registries = ProgramRegistries();
  const std::unique_ptr<ir::OperatorSchemas> schemas = MakeOnnxSchemas();
  ALLOT_ASSIGN_OR_RETURN(const DimBindings dims, ParseDims(a.dims, a.default_dim));
  std::set<std::string> symbols;
  for (const std::string& path : paths) {
    CompileOptions options;
    options.registries = &registries;
    Diagnostics diagnostics;
    ALLOT_ASSIGN_OR_RETURN(const PreparedModel model, Prepare(path, options, diagnostics));
    ALLOT_ASSIGN_OR_RETURN(
        design::LayerGraph layers,
        design::ReadLayers(model.module(), path, schemas.get(), dims, model.operators()));
    if (layers.num_layers() > 1000) {
      return InputError(path, ": has ", layers.num_layers(), " layers, and 1000 are the most");
    }
    for (std::string& symbol : SymbolsOf(model.module().graph)) symbols.insert(std::move(symbol));
    // What is written in the end should not be found missing after the search.
    if (a.emit_stages) ALLOT_RETURN_IF_ERROR(CheckAllData(model.module()), path, ": ");
    question.models.push_back(std::move(layers));
    prepared.push_back(model);
  }
  // A size may be one of some models only.
  Diagnostics said;
  ReportUnknownDims(dims.symbols, "--dim=", {symbols.begin(), symbols.end()}, said);
  for (const Diagnostic& warning : said.all()) {
    std::fprintf(stderr, "%s\n", ColourMessage(ToString(warning), HasColour(stderr)).c_str());
  }
  return absl::OkStatus();
}

absl::StatusOr<Question> ReadQuestion(const Arguments& a, hardware::Space space,
                                      const std::vector<std::string>& paths,
                                      std::vector<PreparedModel>& prepared) {
  Question question;
  question.objective = a.objective == "training"    ? design::Objective::kTraining
                       : a.objective == "inference" ? design::Objective::kInference
                                                    : design::Objective::kLatency;
  question.combination =
      a.combine == "worst" ? design::Combination::kWorst : design::Combination::kMean;
  question.per = a.per == "area"   ? design::PerUnit::kArea
                 : a.per == "watt" ? design::PerUnit::kWatt
                                   : design::PerUnit::kNothing;
  if (question.per == design::PerUnit::kWatt && !space.power.has_value()) {
    return InputError("--per=watt: the space ", a.space, " has no model of power; add \"power\"");
  }
  question.space = std::move(space);
  ALLOT_ASSIGN_OR_RETURN(question.configurations, hardware::Enumerate(question.space), a.space,
                         ": ");
  if (question.configurations.empty()) {
    return InputError(a.space, ": no accelerator is within the limits of area");
  }
  question.devices = a.devices, question.batch = a.batch;
  question.rank = a.rank, question.threads = static_cast<int>(a.threads);
  question.adam = a.optimizer == "adam";
  ALLOT_ASSIGN_OR_RETURN(question.microbatches, Numbers(a.microbatches, "mbs"));
  ALLOT_ASSIGN_OR_RETURN(question.memories_gib, Numbers(a.memories, "hbm"));
  ALLOT_ASSIGN_OR_RETURN(question.tensor_widths, Numbers(a.tensors, "tp"));
  ALLOT_ASSIGN_OR_RETURN(question.recompute, ReadRecompute(a.recompute));
  if (question.objective != design::Objective::kTraining) question.recompute = {false};
  if (!a.latencies.empty()) {
    ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadText(a.latencies));
    ALLOT_ASSIGN_OR_RETURN(question.measured, design::ParseMeasuredLatencies(text, a.latencies));
  }
  ALLOT_RETURN_IF_ERROR(ReadModels(a, paths, question, prepared));
  ALLOT_RETURN_IF_ERROR(ReadWeights(a, question));
  return question;
}

// Appends what is found out to a file in the output folder.
class CheckpointFile {
 public:
  ~CheckpointFile() {
    if (file_ != nullptr) std::fclose(file_);
  }
  absl::Status Open(const std::string& path, const Question& question,
                    const std::map<size_t, design::Outcome>& known) {
    path_ = path;
    std::string text = design::CheckpointHeader(question);
    for (const auto& [i, outcome] : known) text += design::CheckpointLine(i, outcome);
    ALLOT_RETURN_IF_ERROR(WriteText(path, text));
    file_ = std::fopen(path.c_str(), "a");
    return file_ == nullptr ? InputError("cannot write to '", path, "'") : absl::OkStatus();
  }
  absl::Status Append(const std::string& text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), file_) == text.size();
    if (!written || std::fflush(file_) != 0) return InputError("cannot write to '", path_, "'");
    return absl::OkStatus();
  }

 private:
  std::string path_;
  std::FILE* file_ = nullptr;
};

absl::StatusOr<design::SearchHooks> MakeHooks(const Arguments& a, const Question& question,
                                              CheckpointFile& checkpoint) {
  design::SearchHooks hooks;
  if (a.progress) {
    hooks.progress = [](int64_t done, int64_t of, double best) {
      std::fprintf(stderr, "%d of %d configurations decided, best %.6g\n", static_cast<int>(done),
                   static_cast<int>(of), best);
    };
  }
  if (a.output.empty()) return hooks;
  std::error_code error;
  fs::create_directories(a.output, error);
  if (error) return InputError("cannot make the folder '", a.output, "': ", error.message());
  const std::string path = (fs::path(a.output) / kCheckpoint).string();
  if (a.resume && fs::exists(path, error)) {
    ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadText(path));
    ALLOT_ASSIGN_OR_RETURN(hooks.known, design::ReadCheckpoint(text, path, question));
  }
  ALLOT_RETURN_IF_ERROR(checkpoint.Open(path, question, hooks.known));
  const auto known = std::make_shared<std::map<size_t, design::Outcome>>(hooks.known);
  hooks.found = [&checkpoint, known](const std::vector<size_t>& chunk,
                                     const std::map<size_t, design::Outcome>& outcomes) {
    std::string text;
    for (const size_t i : chunk) {
      if (known->count(i) == 0) text += design::CheckpointLine(i, outcomes.at(i));
    }
    return checkpoint.Append(text);
  };
  return hooks;
}

absl::Status WriteFiles(const Arguments& a, const std::vector<std::string>& paths,
                        const std::vector<PreparedModel>& models, const design::Report& report) {
  const fs::path folder = a.output;
  std::vector<std::string> folders;
  if (a.emit_stages && !report.result.ranking.empty()) {
    folders = StageFolders(paths);
    for (size_t model = 0; model < models.size(); ++model) {
      const std::string of_model = (folder / folders[model]).string();
      ALLOT_RETURN_IF_ERROR(
          WriteStages(report, model, models[model], a.dims, a.default_dim, of_model));
    }
  }
  ALLOT_RETURN_IF_ERROR(
      WriteText((folder / "design.json").string(), PrintJson(design::ResultJson(report)) + "\n"));
  ALLOT_RETURN_IF_ERROR(WriteText((folder / "design.html").string(), design::DesignPage(report)));
  if (!report.result.ranking.empty()) {
    ALLOT_RETURN_IF_ERROR(WriteText((folder / "target.json").string(), design::TargetText(report)));
    ALLOT_RETURN_IF_ERROR(WriteText((folder / "stages.json").string(),
                                    PrintJson(design::StagesJson(report, folders)) + "\n"));
  }
  // All of it is there: nothing is left to go on with.
  std::error_code error;
  fs::remove(folder / kCheckpoint, error);
  return absl::OkStatus();
}

std::string ListText(const std::vector<hardware::SizedConfiguration>& all) {
  std::string text = "num_tc,num_vc,width,depth,width_vc,glb_mb,area_um2\n";
  for (const hardware::SizedConfiguration& each : all) {
    const Json::Object members = hardware::ConfigurationJson(each);
    absl::StrAppend(&text,
                    absl::StrJoin(members, ",",
                                  [](std::string* out, const Json::Member& member) {
                                    out->append(PrintJsonCompact(member.second));
                                  }),
                    "\n");
  }
  return text;
}

}  // namespace

absl::Status DesignCommand(int argc, const char* const* argv, int& /*exit_status*/) {
  Arguments arguments;
  CommandLine line = Declare(arguments);
  // Lists have defaults, which a flag replaces.
  const Arguments usual = arguments;
  arguments.microbatches.clear(), arguments.memories.clear(), arguments.tensors.clear();
  ALLOT_RETURN_IF_ERROR(line.Parse(argc, argv));
  if (const std::optional<std::string> answer = line.Answer()) {
    std::fputs(answer->c_str(), stdout);
    return absl::OkStatus();
  }
  if (arguments.microbatches.empty()) arguments.microbatches = usual.microbatches;
  if (arguments.memories.empty()) arguments.memories = usual.memories;
  if (arguments.tensors.empty()) arguments.tensors = usual.tensors;
  ALLOT_ASSIGN_OR_RETURN(hardware::Space space, hardware::LoadSpace(arguments.space));
  if (arguments.area > 0) space.most_area = hardware::Area(arguments.area * 1e6);
  if (!arguments.link.empty()) {
    ALLOT_ASSIGN_OR_RETURN(const int64_t rate,
                           ParseQuantity(arguments.link, Unit::kNetworkBytesPerSecond), "--link: ");
    if (rate < 1) return InputError("--link: must be positive");
    space.link = hardware::BytesPerSecond(static_cast<double>(rate));
  }
  if (arguments.list) {
    ALLOT_ASSIGN_OR_RETURN(const std::vector<hardware::SizedConfiguration> all,
                           hardware::Enumerate(space), arguments.space, ": ");
    std::fputs(ListText(all).c_str(), stdout);
    return absl::OkStatus();
  }
  if (line.positional().empty()) {
    return InputError("no model given; usage: allot design MODELS... --space=", arguments.space);
  }
  if (arguments.resume && arguments.output.empty()) {
    return InputError("--resume: say with -o which folder the interrupted search wrote to");
  }
  if (arguments.emit_stages && arguments.output.empty()) {
    return InputError("--emit-stages: say with -o which folder to write to");
  }
  std::vector<PreparedModel> models;
  ALLOT_ASSIGN_OR_RETURN(const Question question,
                         ReadQuestion(arguments, std::move(space), line.positional(), models));
  const design::HardwareSearch search(question);
  CheckpointFile checkpoint;
  ALLOT_ASSIGN_OR_RETURN(const design::SearchHooks hooks,
                         MakeHooks(arguments, question, checkpoint));
  ALLOT_ASSIGN_OR_RETURN(const design::SearchResult result, search.Run(hooks));
  std::optional<design::RuleOutcome> rule;
  if (!arguments.stop_rule.empty()) rule = design::FollowPublishedRule(search);
  const design::Report report{search, result, rule};
  if (!arguments.output.empty()) {
    ALLOT_RETURN_IF_ERROR(WriteFiles(arguments, line.positional(), models, report));
  }
  if (arguments.json) {
    std::printf("%s\n", PrintJson(design::ResultJson(report)).c_str());
  } else {
    std::fputs(design::ResultText(report).c_str(), stdout);
  }
  return absl::OkStatus();
}

}  // namespace allot
