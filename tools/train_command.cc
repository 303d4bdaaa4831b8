#include "tools/train_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "placement/kinds/chips/training/pretrain.h"
#include "support/status.h"
#include "tools/command_line.h"
#include "tools/text_file.h"
#include "tools/train_corpus.h"

namespace allot {
namespace {

// Models of each family that are held out, and are not those of any usual seed.
constexpr int64_t kHeldOut = 3;
constexpr uint64_t kSeedOfHeldOut = 1'000'000;

struct Arguments {
  CorpusOptions corpus;
  std::string out;
  int64_t rounds = 2'000, made = 8, seed = 1, time_limit = 0;
};

}  // namespace

absl::Status TrainProposerCommand(int argc, const char* const* argv, int& exit_status) {
  static_cast<void>(exit_status);
  Arguments arguments;
  CommandLine line("allot train-proposer", "[--models=DIR ...] -o WEIGHTS.json",
                   "learns from models where the nodes of other models belong on a module of\n"
                   "chips, and writes weights for --proposer. The same models, rounds and seed\n"
                   "give the same weights");
  line.Section("Learning");
  line.List("models", "DIR", &arguments.corpus.places,
            "learn from all models (*.onnx, *.mlir), problems of chips and\n"
            "published graphs (*.json) in DIR, beside models that are made up");
  line.Value("o", "FILE", &arguments.out, "write the weights to FILE");
  line.Integer("made", "N", 0, 1'000, &arguments.made,
               "models of each family that are made up (default: 8)");
  line.Integer("rounds", "N", 1, 10'000'000, &arguments.rounds,
               "batches of proposals to learn from (default: 2000)");
  line.Integer("seed", "N", &arguments.seed, "of all that is drawn (default: 1)");
  line.Integer("time-limit", "S", 0, 1'000'000, &arguments.time_limit,
               "end after S seconds with the best weights by then; 0: never");
  line.Section("Models in ONNX and MLIR");
  line.Names("target", "FILE|NAME", &arguments.corpus.targets,
             "modules of chips that they are placed on, each model on each\n"
             "(default: mcm-8,mcm-36)");
  line.Suggest("target", {"mcm-8", "mcm-36"});
  line.List("dim", "NAME=SIZE", &arguments.corpus.compile.dims,
            "size of a symbolic dimension, for costs only");
  line.Integer("default-dim", "SIZE", 1, std::numeric_limits<int32_t>::max(),
               &arguments.corpus.compile.default_dim,
               "size of every other open dimension (default: 1)");
  line.Example("allot train-proposer --models=zoo --dim batch=8 -o weights.json",
               "learns from the models of a folder and from models that are made up");
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
  // Not only after minutes.
  ALLOT_RETURN_IF_ERROR(CheckWritable(arguments.out));
  if (arguments.corpus.targets.empty()) arguments.corpus.targets = {"mcm-8", "mcm-36"};
  std::vector<chips::MadeModel> models =
      chips::MadeCorpus(static_cast<uint64_t>(arguments.seed), arguments.made);
  ALLOT_ASSIGN_OR_RETURN(std::vector<chips::MadeModel> given, ReadCorpus(arguments.corpus));
  std::move(given.begin(), given.end(), std::back_inserter(models));
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
  // Beside weights on standard output there is nothing else.
  std::FILE* const to = arguments.out == "-" ? stderr : stdout;
  std::fprintf(to, "first proposals, as shares of the bound:\n");
  size_t widest = 0;
  for (const auto& [name, score] : pretrained.scores) widest = std::max(widest, name.size());
  for (const auto& [name, score] : pretrained.scores) {
    std::fprintf(to, "  %-*s %.4f\n", static_cast<int>(widest), name.c_str(), score);
  }
  std::fprintf(to, "%zu models, %.1f s, held out %.4f: %s\n", models.size(), seconds(),
               pretrained.score, arguments.out.c_str());
  return absl::OkStatus();
}

}  // namespace allot
