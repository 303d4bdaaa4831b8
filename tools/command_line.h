// LLVM-style command lines: one or two dashes, "--name=value" or "--name value", flags in any
// place, "--" ends them. Spellings that begin with "mlir-" are accepted for the same flag without
// it. Every program also has --help, --version, --print-completion and --print-manual.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "support/options.h"

namespace allot {

// A word or a line that may be typed, and what it is for.
struct CommandWord {
  std::string name, help;
};

class CommandLine {
 public:
  // `usage` is what follows the program's name: "MODEL --target=FILE -o DIR".
  CommandLine(std::string program, std::string usage, std::string overview);

  // A section of --help; flags added next belong to it.
  void Section(std::string title);
  // "--name", "--name=0|1".
  void Flag(std::string name, bool* value, std::string help);
  // "--name=VALUE"; `metavar` names VALUE in --help.
  void Value(std::string name, std::string metavar, std::string* value, std::string help);
  // One of `choices`.
  void Choice(std::string name, std::vector<std::string> choices, std::string* value,
              std::string help);
  void Integer(std::string name, std::string metavar, int64_t* value, std::string help);
  // From `least` to `most`.
  void Integer(std::string name, std::string metavar, int64_t least, int64_t most, int64_t* value,
               std::string help);
  // A non-negative number.
  void Number(std::string name, std::string metavar, double* value, std::string help);
  // May be given several times; several names in one value are parted by commas.
  void Names(std::string name, std::string metavar, std::vector<std::string>* value,
             std::string help);
  // "--name" or "--name=VALUE"; `implied` is what it means without a value.
  void OptionalValue(std::string name, std::string metavar, std::string implied, std::string* value,
                     std::string help);
  // May be given several times.
  void List(std::string name, std::string metavar, std::vector<std::string>* value,
            std::string help);
  // Calls back in command-line order with the value; a value may be left out ("--cse"). `options`
  // are those that the value may set; --help shows them below.
  void Action(std::string name, std::string metavar,
              std::function<absl::Status(absl::string_view)> action, std::string help,
              OptionSchemaView options = {});
  // Values of "--name" that a shell offers; others are allowed.
  void Suggest(absl::string_view name, std::vector<std::string> values);
  // A command for the manual, and what comes of it.
  void Example(std::string command, std::string help);

  // Fills the values; the rest are the positional arguments. The error for an unknown flag names
  // the nearest one.
  absl::Status Parse(int argc, const char* const* argv);
  const std::vector<std::string>& positional() const { return positional_; }
  // The text that --help, --version, --print-completion or --print-manual asks for; a program
  // prints it and stops. `subcommands`: words that may stand in front of all flags.
  std::optional<std::string> Answer(const std::vector<CommandWord>& subcommands = {}) const;
  bool help_requested() const { return help_requested_; }
  std::string Help() const;

  // What --threads may be, everywhere.
  static constexpr int64_t kMaxThreads = 256;

  enum class ValueUse { kNone, kRequired, kOptional };
  struct Spec {
    std::string name, metavar, help, section;
    ValueUse use;
    std::function<absl::Status(absl::string_view)> set;
    OptionSchemaView options;
    std::vector<std::string> suggestions;
  };
  const std::string& program() const { return program_; }
  const std::string& usage() const { return usage_; }
  const std::string& overview() const { return overview_; }
  const std::vector<CommandWord>& examples() const { return examples_; }
  const std::vector<Spec>& specs() const { return specs_; }

 private:
  void Add(std::string name, std::string metavar, std::string help, ValueUse use,
           std::function<absl::Status(absl::string_view)> set);
  const Spec* Find(absl::string_view name) const;

  std::string program_, usage_, overview_, section_ = "Options";
  std::vector<Spec> specs_;
  std::vector<std::string> positional_;
  std::vector<CommandWord> examples_;
  bool help_requested_ = false, version_requested_ = false, manual_requested_ = false;
  std::string completion_;  // the shell it is asked for
};

// The flags of every program as --help shows them, and what they do.
std::vector<std::pair<std::string, std::string>> CommonFlags();

}  // namespace allot
