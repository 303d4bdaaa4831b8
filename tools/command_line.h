// LLVM-style command lines: one or two dashes, "--name=value" or "--name value", flags in any
// place, "--" ends them. Spellings that begin with "mlir-" are accepted for the same flag without
// it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace allot {

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
  // May be given several times.
  void List(std::string name, std::string metavar, std::vector<std::string>* value,
            std::string help);
  // Calls back in command-line order with the value; a value may be left out ("--cse").
  void Action(std::string name, std::string metavar,
              std::function<absl::Status(absl::string_view)> action, std::string help);

  // Fills the values; the rest are the positional arguments. The error for an unknown flag names
  // the nearest one. `--help` sets help_requested().
  absl::Status Parse(int argc, const char* const* argv);
  const std::vector<std::string>& positional() const { return positional_; }
  bool help_requested() const { return help_requested_; }
  std::string Help() const;

  // What --threads may be, everywhere.
  static constexpr int64_t kMaxThreads = 256;

 private:
  enum class ValueUse { kRequired, kOptional };
  struct Spec {
    std::string name, metavar, help, section;
    ValueUse use;
    std::function<absl::Status(absl::string_view)> set;
  };
  void Add(std::string name, std::string metavar, std::string help, ValueUse use,
           std::function<absl::Status(absl::string_view)> set);
  const Spec* Find(absl::string_view name) const;

  std::string program_, usage_, overview_, section_ = "Options";
  std::vector<Spec> specs_;
  std::vector<std::string> positional_;
  bool help_requested_ = false;
};

}  // namespace allot
