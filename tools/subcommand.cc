#include "tools/subcommand.h"

#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "support/status.h"
#include "tools/design_command.h"
#include "tools/plan_commands.h"
#include "tools/train_command.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

struct Subcommand {
  const char* name;
  const char* help;
  SubcommandFunction run = nullptr;
};

constexpr Subcommand kSubcommands[] = {
    {"explain", "why a plan is as it is: what forced its cuts, why a node is on its device",
     ExplainCommand},
    {"diff", "what changed between two plans", DiffCommand},
    {"check", "plan again and compare with a golden plan.json", CheckCommand},
    {"design", "which accelerator of a space is best for models, and how they run on many of it",
     DesignCommand},
    {"run", "run the parts of a manifest.json at the same time, and compare with the prediction"},
    {"profile", "measure the operators of a model on this machine, for --costs"},
    {"target", "print a machine as JSON; ask which nodes of a model its devices run (--probe)"},
    {"tune", "profile, place, run, and place again until prediction and measurement agree"},
    {"make-model", "write a model of a published architecture, to try Allot on"},
    {"train-proposer", "learn from models where the nodes of others belong on a module of chips",
     TrainProposerCommand},
    {"view", "serve the report to a browser, compare two plans, plan again with a node moved"},
};

// `view` and `target` run no model, and `make-model` is a program like allot.
std::string Needs(absl::string_view program) {
  if (program == "allot-make-model") return "it is built and installed with allot";
  const bool runs = program != "allot-view" && program != "allot-target";
  return absl::StrCat("it needs Python 3.9 or later",
                      runs ? " with onnxruntime, which python/install_runtime.sh installs" : "");
}

bool IsFile(const fs::path& path) {
  struct stat about;
  return ::stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode);
}

// The first such file of the folders in `path` that may be executed; empty: none.
fs::path FindOnPath(const std::string& program, absl::string_view path) {
  for (const absl::string_view folder : absl::StrSplit(path, ':')) {
    // An empty entry is the current folder, as for a shell.
    const fs::path file = fs::path(folder.empty() ? "." : std::string(folder)) / program;
    if (IsFile(file) && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

}  // namespace

std::string SubcommandHelp() {
  std::string text = "\nOther programs (`allot NAME --help` says more):\n";
  for (const Subcommand& subcommand : kSubcommands) {
    constexpr size_t kColumn = 34;  // as for flags
    const std::string left = absl::StrCat("  ", subcommand.name);
    absl::StrAppend(&text, left, std::string(kColumn - left.size(), ' '), subcommand.help, "\n");
  }
  return text;
}

std::vector<std::string> SubcommandNames() {
  std::vector<std::string> names;
  for (const Subcommand& subcommand : kSubcommands) names.emplace_back(subcommand.name);
  return names;
}

std::vector<CommandWord> SubcommandWords() {
  std::vector<CommandWord> words;
  for (const Subcommand& subcommand : kSubcommands) {
    words.push_back({subcommand.name, subcommand.help});
  }
  return words;
}

bool IsSubcommand(absl::string_view name) {
  for (const Subcommand& subcommand : kSubcommands) {
    if (name == subcommand.name) return true;
  }
  return false;
}

SubcommandFunction FindSubcommand(absl::string_view name) {
  for (const Subcommand& subcommand : kSubcommands) {
    if (name == subcommand.name) return subcommand.run;
  }
  return nullptr;
}

absl::Status ExecSubcommand(char* const* argv, absl::string_view path) {
  const std::string program = absl::StrCat("allot-", argv[1]);
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  fs::path file = error ? fs::path() : self.parent_path() / program;
  if (error || !IsFile(file)) {
    file = FindOnPath(program, path);
    if (file.empty()) {
      return InputError(program, " is not beside allot", error ? "" : " in ",
                        error ? "" : self.parent_path().string(),
                        " and not on PATH; put it there (", Needs(program), ")");
    }
  }
  std::vector<char*> arguments;
  std::string name = file.string();
  arguments.push_back(name.data());
  for (char* const* argument = argv + 2; *argument != nullptr; ++argument) {
    arguments.push_back(*argument);
  }
  arguments.push_back(nullptr);
  ::execv(name.c_str(), arguments.data());
  const int failure = errno;
  return InputError("cannot execute '", name, "': ", std::strerror(failure),
                    failure == EACCES ? "; make it executable with chmod +x" : "");
}

}  // namespace allot
