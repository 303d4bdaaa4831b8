#include "tools/train_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "placement/kinds/chips/formats/chips_json.h"
#include "placement/kinds/chips/formats/published_graph.h"
#include "placement/kinds/chips/formats/read_chips.h"
#include "placement/kinds/chips/training/pretrain.h"
#include "support/status.h"
#include "tools/command_line.h"
#include "tools/text_file.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

// Models of each family that are held out, and are not those of any usual seed.
constexpr int64_t kHeldOut = 3;
constexpr uint64_t kSeedOfHeldOut = 1'000'000;

struct Arguments {
  std::vector<std::string> models;
  std::string out;
  int64_t rounds = 2'000, made = 8, seed = 1, time_limit = 0;
};

// Problems of chips and published graphs of a folder, in the order of their names; of the latter as
// many chips as their size asks for.
absl::Status ReadFolder(const std::string& folder, std::vector<chips::MadeModel>& models) {
  std::error_code error;
  std::vector<std::string> files;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() == ".json") files.push_back(at->path().string());
  }
  if (error) return InputError(folder, ": cannot be listed: ", error.message());
  std::sort(files.begin(), files.end());
  size_t taken = 0;
  for (const std::string& file : files) {
    ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadText(file));
    const absl::StatusOr<Json> document = ParseJson(text);
    if (!document.ok() || document->If<Json::Object>() == nullptr) continue;
    const bool published = chips::IsPublishedGraph(*document);
    if (!published && !chips::HasChipsSchema(*document)) continue;
    absl::StatusOr<chips::Problem> problem = chips::ReadChips(*document, file, {});
    if (problem.ok() && published) {
      const auto chips = static_cast<int64_t>(problem->nodes.size()) / 16;
      problem = chips::ReadChips(
          *document, file, {{chips::kChipsFlag, absl::StrCat(std::clamp<int64_t>(chips, 4, 36))}});
    }
    const absl::Status status = problem.ok() ? chips::Check(*problem) : problem.status();
    if (!status.ok()) {
      std::fprintf(stderr, "left out: %s\n", std::string(status.message()).c_str());
      continue;
    }
    models.push_back({fs::path(file).stem().string(), *std::move(problem)});
    ++taken;
  }
  if (taken == 0) {
    return InputError(folder, ": has no problem of chips (schema ", chips::kSchema,
                      ") and no graph of dnn-partitioning for inference");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status TrainProposerCommand(int argc, const char* const* argv, int& exit_status) {
  static_cast<void>(exit_status);
  Arguments arguments;
  CommandLine line("allot train-proposer", "[--models=DIR ...] -o WEIGHTS.json",
                   "learns from models where the nodes of other models belong on a module of\n"
                   "chips, and writes weights for --proposer. The same models, rounds and seed\n"
                   "give the same weights");
  line.Section("Learning");
  line.List("models", "DIR", &arguments.models,
            "learn from all problems of chips and published graphs in DIR,\n"
            "beside models that are made up");
  line.Value("o", "FILE", &arguments.out, "write the weights to FILE");
  line.Integer("made", "N", 0, 1'000, &arguments.made,
               "models of each family that are made up (default: 8)");
  line.Integer("rounds", "N", 1, 10'000'000, &arguments.rounds,
               "batches of proposals to learn from (default: 2000)");
  line.Integer("seed", "N", &arguments.seed, "of all that is drawn (default: 1)");
  line.Integer("time-limit", "S", 0, 1'000'000, &arguments.time_limit,
               "end after S seconds with the best weights by then; 0: never");
  line.Example("allot train-proposer --models=graphs -o weights.json",
               "learns from the graphs of a folder and from models that are made up");
  ALLOT_RETURN_IF_ERROR(line.Parse(argc, argv));
  if (line.help_requested()) {
    std::fputs(line.Help().c_str(), stdout);
    return absl::OkStatus();
  }
  if (const std::optional<std::string> answer = line.Answer()) {
    std::fputs(answer->c_str(), stdout);
    return absl::OkStatus();
  }
  if (!line.positional().empty()) {
    return InputError("'", line.positional()[0], "' is no flag; folders are given as --models=DIR");
  }
  if (arguments.out.empty()) return InputError("say -o FILE, where the weights are to go");
  std::vector<chips::MadeModel> models =
      chips::MadeCorpus(static_cast<uint64_t>(arguments.seed), arguments.made);
  for (const std::string& folder : arguments.models) {
    ALLOT_RETURN_IF_ERROR(ReadFolder(folder, models));
  }
  if (models.empty()) return InputError("there is nothing to learn from; say --models=DIR");
  chips::PretrainOptions options;
  options.rounds = arguments.rounds;
  options.seed = static_cast<uint64_t>(arguments.seed);
  const auto begin = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  if (arguments.time_limit > 0) {
    options.stop = [&] { return seconds() > static_cast<double>(arguments.time_limit); };
  }
  options.progress = [&](int64_t round, double score) {
    std::fprintf(stderr, "round %lld: %.4f of the bound on models held out, %.1f s\n",
                 static_cast<long long>(round), score, seconds());
  };
  const chips::Pretrained pretrained =
      chips::Pretrain(models, chips::MadeCorpus(kSeedOfHeldOut, kHeldOut), options);
  ALLOT_RETURN_IF_ERROR(WriteText(arguments.out, PrintProposerWeights(pretrained.weights)));
  std::printf("first proposals, as shares of the bound:\n");
  for (const auto& [name, score] : pretrained.scores) {
    std::printf("  %-32s %.4f\n", name.c_str(), score);
  }
  std::printf("%zu models, %.1f s, held out %.4f: %s\n", models.size(), seconds(), pretrained.score,
              arguments.out.c_str());
  return absl::OkStatus();
}

}  // namespace allot
