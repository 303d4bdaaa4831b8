#include "tools/command_line.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "support/nearest_name.h"
#include "support/options.h"
#include "support/status.h"
#include "support/version.h"
#include "tools/completion.h"
#include "tools/manual.h"

namespace allot {
namespace {

constexpr char kPrintCompletion[] = "print-completion";
constexpr char kPrintManual[] = "print-manual";

// One row of --help. What is too long for its column has its text on the next line.
void AppendRow(const std::string& left, const std::string& help, std::string& text) {
  constexpr size_t kColumn = 34;
  if (left.size() + 2 > kColumn) {
    absl::StrAppend(&text, left, "\n", std::string(kColumn, ' '));
  } else {
    absl::StrAppend(&text, left, std::string(kColumn - left.size(), ' '));
  }
  for (const char c : help) {
    text += c;
    if (c == '\n') text.append(kColumn, ' ');
  }
  text += '\n';
}

}  // namespace

CommandLine::CommandLine(std::string program, std::string usage, std::string overview)
    : program_(std::move(program)), usage_(std::move(usage)), overview_(std::move(overview)) {}

void CommandLine::Section(std::string title) { section_ = std::move(title); }

void CommandLine::Add(std::string name, std::string metavar, std::string help, ValueUse use,
                      std::function<absl::Status(absl::string_view)> set) {
  Spec spec;
  spec.name = std::move(name);
  spec.metavar = std::move(metavar);
  spec.help = std::move(help);
  spec.section = section_;
  spec.use = use;
  spec.set = std::move(set);
  specs_.push_back(std::move(spec));
}

void CommandLine::Flag(std::string name, bool* value, std::string help) {
  Add(std::move(name), "", std::move(help), ValueUse::kNone, [value](absl::string_view text) {
    return ParseOption(text.empty() ? absl::string_view("true") : text, *value);
  });
}

void CommandLine::Value(std::string name, std::string metavar, std::string* value,
                        std::string help) {
  const std::string what = metavar;
  Add(std::move(name), std::move(metavar), std::move(help), ValueUse::kRequired,
      [value, what](absl::string_view text) -> absl::Status {
        // Most often a variable of a script that was never set.
        if (text.empty()) return InputError("is given without a value; expected ", what);
        *value = std::string(text);
        return absl::OkStatus();
      });
}

void CommandLine::Choice(std::string name, std::vector<std::string> choices, std::string* value,
                         std::string help) {
  std::string metavar = absl::StrJoin(choices, "|");
  Add(std::move(name), std::move(metavar), std::move(help), ValueUse::kRequired,
      [value, choices](absl::string_view text) {
        for (const std::string& choice : choices) {
          if (text != choice) continue;
          *value = choice;
          return absl::OkStatus();
        }
        return InputError("expected ", absl::StrJoin(choices, " or "), ", not '", text, "'",
                          DidYouMean(text, choices));
      });
  specs_.back().suggestions = std::move(choices);
}

void CommandLine::Integer(std::string name, std::string metavar, int64_t* value, std::string help) {
  Add(std::move(name), std::move(metavar), std::move(help), ValueUse::kRequired,
      [value](absl::string_view text) { return ParseOption(text, *value); });
}

void CommandLine::Integer(std::string name, std::string metavar, int64_t least, int64_t most,
                          int64_t* value, std::string help) {
  Add(std::move(name), std::move(metavar), std::move(help), ValueUse::kRequired,
      [value, least, most](absl::string_view text) -> absl::Status {
        int64_t number = 0;
        ALLOT_RETURN_IF_ERROR(ParseOption(text, number));
        if (number < least || number > most) {
          return most == std::numeric_limits<int64_t>::max()
                     ? InputError("expected ", least, " or more, not '", text, "'")
                     : InputError("expected ", least, " to ", most, ", not '", text, "'");
        }
        *value = number;
        return absl::OkStatus();
      });
}

void CommandLine::Number(std::string name, std::string metavar, double* value, std::string help) {
  Add(std::move(name), std::move(metavar), std::move(help), ValueUse::kRequired,
      [value](absl::string_view text) -> absl::Status {
        double number = 0;
        ALLOT_RETURN_IF_ERROR(ParseOption(text, number));
        if (!(number >= 0)) return InputError("expected a non-negative number, not '", text, "'");
        *value = number;
        return absl::OkStatus();
      });
}

void CommandLine::Names(std::string name, std::string metavar, std::vector<std::string>* value,
                        std::string help) {
  Add(std::move(name), std::move(metavar), std::move(help), ValueUse::kRequired,
      [value](absl::string_view text) {
        for (const absl::string_view piece : absl::StrSplit(text, ',', absl::SkipEmpty())) {
          value->emplace_back(piece);
        }
        return absl::OkStatus();
      });
}

void CommandLine::OptionalValue(std::string name, std::string metavar, std::string implied,
                                std::string* value, std::string help) {
  Add(std::move(name), std::move(metavar), std::move(help), ValueUse::kOptional,
      [value, implied = std::move(implied)](absl::string_view text) {
        *value = text.empty() ? implied : std::string(text);
        return absl::OkStatus();
      });
}

void CommandLine::List(std::string name, std::string metavar, std::vector<std::string>* value,
                       std::string help) {
  const std::string what = metavar;
  Add(std::move(name), std::move(metavar), std::move(help), ValueUse::kRequired,
      [value, what](absl::string_view text) -> absl::Status {
        if (text.empty()) return InputError("is given without a value; expected ", what);
        value->emplace_back(text);
        return absl::OkStatus();
      });
}

void CommandLine::Action(std::string name, std::string metavar,
                         std::function<absl::Status(absl::string_view)> action, std::string help,
                         OptionSchemaView options) {
  Add(std::move(name), std::move(metavar), std::move(help), ValueUse::kOptional, std::move(action));
  specs_.back().options = std::move(options);
}

void CommandLine::Suggest(absl::string_view name, std::vector<std::string> values) {
  for (Spec& spec : specs_) {
    if (spec.name == name) spec.suggestions = std::move(values);
  }
}

void CommandLine::Example(std::string command, std::string help) {
  examples_.push_back({std::move(command), std::move(help)});
}

const CommandLine::Spec* CommandLine::Find(absl::string_view name) const {
  for (const Spec& spec : specs_) {
    if (spec.name == name) return &spec;
  }
  if (absl::ConsumePrefix(&name, "mlir-")) return Find(name);
  return nullptr;
}

absl::Status CommandLine::Parse(int argc, const char* const* argv) {
  // Only a plug-in can cause this: its passes are flags.
  for (const Spec& spec : specs_) {
    if (Find(spec.name) != &spec || spec.name == "help" || spec.name == "h" ||
        spec.name == "version" || spec.name == kPrintCompletion || spec.name == kPrintManual) {
      return InputError("--", spec.name,
                        " would mean two things; a plug-in's pass must not be named like a flag");
    }
  }
  bool flags_ended = false;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view argument = argv[i];
    if (flags_ended || argument == "-" || !absl::StartsWith(argument, "-")) {
      positional_.emplace_back(argument);
      continue;
    }
    if (argument == "--") {
      flags_ended = true;
      continue;
    }
    absl::string_view name = argument.substr(absl::StartsWith(argument, "--") ? 2 : 1);
    absl::string_view value;
    bool has_value = false;
    if (const size_t equal = name.find('='); equal != name.npos) {
      value = name.substr(equal + 1);
      name = name.substr(0, equal);
      has_value = true;
    }
    if (name == "help" || name == "h") {
      help_requested_ = true;
      continue;
    }
    if (name == "version") {
      version_requested_ = true;
      continue;
    }
    if (name == kPrintManual) {
      manual_requested_ = true;
      continue;
    }
    if (name == kPrintCompletion) {
      const std::vector<std::string> shells = CompletionShells();
      if (std::find(shells.begin(), shells.end(), value) == shells.end()) {
        return InputError("--", kPrintCompletion, ": expected =", absl::StrJoin(shells, ", ="),
                          " behind it");
      }
      completion_ = std::string(value);
      continue;
    }
    const Spec* spec = Find(name);
    if (spec == nullptr) {
      std::vector<std::string> known;
      for (const Spec& each : specs_) known.push_back(each.name);
      const std::string near = NearestName(name, known);
      return InputError(
          "Unknown command line argument '", argument, "'",
          near.empty() ? std::string(".") : absl::StrCat("; did you mean '--", near, "'?"),
          " Try: '", program_, " --help'");
    }
    if (!has_value && spec->use == ValueUse::kRequired) {
      if (i + 1 >= argc)
        return InputError("--", spec->name, " needs a value: --", spec->name, "=", spec->metavar);
      value = argv[++i];
    }
    ALLOT_RETURN_IF_ERROR(spec->set(value), spec->name.size() == 1 ? "-" : "--", spec->name, ": ");
  }
  return absl::OkStatus();
}

std::optional<std::string> CommandLine::Answer(const std::vector<CommandWord>& subcommands) const {
  if (help_requested_) return Help();
  if (version_requested_) return absl::StrCat(program_, " version ", kVersion, "\n");
  if (manual_requested_) return Manual(*this, subcommands);
  if (!completion_.empty()) {
    std::vector<std::string> names;
    for (const CommandWord& word : subcommands) names.push_back(word.name);
    return Completion(*this, completion_, names);
  }
  return std::nullopt;
}

std::string CommandLine::Help() const {
  std::string text =
      absl::StrCat("OVERVIEW: ", overview_, "\n\nUSAGE: ", program_, " ", usage_, "\n");
  std::string section;
  for (const Spec& spec : specs_) {
    if (spec.section != section) {
      section = spec.section;
      absl::StrAppend(&text, "\n", section, ":\n");
    }
    std::string left = absl::StrCat(spec.name.size() == 1 ? "  -" : "  --", spec.name);
    if (!spec.metavar.empty()) {
      const std::string separator = spec.name.size() == 1 ? " " : "=";
      absl::StrAppend(&left, spec.use == ValueUse::kOptional ? "[" : "", separator, spec.metavar,
                      spec.use == ValueUse::kOptional ? "]" : "");
    }
    AppendRow(left, spec.help, text);
    for (const OptionDoc& option : spec.options.options) {
      AppendRow(absl::StrCat("      ", option.name, "=", option.default_value), option.summary,
                text);
    }
  }
  text += "\nOf every program:\n";
  for (const auto& [flag, help] : CommonFlags()) AppendRow("  " + flag, help, text);
  return text;
}

std::vector<std::pair<std::string, std::string>> CommonFlags() {
  return {
      {"--help", "print this, then stop"},
      {"--version", "print the version, then stop"},
      {absl::StrCat("--", kPrintCompletion, "=", absl::StrJoin(CompletionShells(), "|")),
       "print what completes this program's command lines in\nthat shell, then stop"},
      {absl::StrCat("--", kPrintManual), "print this program's manual page in roff, then stop"}};
}

}  // namespace allot
