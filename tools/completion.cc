#include "tools/completion.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace allot {
namespace {

using Spec = CommandLine::Spec;

enum class Kind { kNothing, kWords, kFiles, kWordsOrFiles, kFolders };

Kind KindOf(const Spec& spec) {
  if (absl::StrContains(spec.metavar, "DIR")) return Kind::kFolders;
  const bool file = absl::StrContains(spec.metavar, "FILE") ||
                    absl::StrContains(spec.metavar, ".json") ||
                    absl::StrContains(spec.metavar, ".so");
  if (spec.suggestions.empty()) return file ? Kind::kFiles : Kind::kNothing;
  return file ? Kind::kWordsOrFiles : Kind::kWords;
}

bool IsList(const Spec& spec) { return spec.metavar == "LIST"; }

std::string FunctionName(const CommandLine& line) {
  return absl::StrCat("_", absl::StrReplaceAll(line.program(), {{"-", "_"}}));
}

// What stands in front of a shell's variables. `'` cannot occur in names.
std::string BashCompletion(const CommandLine& line, const std::vector<std::string>& subcommands) {
  const std::string function = FunctionName(line);
  std::vector<std::string> flags = {"--help", "--version"};
  std::string cases;
  for (const Spec& spec : line.specs()) {
    const std::string flag = absl::StrCat(spec.name.size() == 1 ? "-" : "--", spec.name);
    const bool joined = spec.use == CommandLine::ValueUse::kRequired && spec.name.size() > 1;
    flags.push_back(absl::StrCat(flag, joined ? "=" : ""));
    const Kind kind = KindOf(spec);
    if (kind == Kind::kNothing) continue;
    absl::StrAppend(&cases, "    ", spec.name, ")");
    if (kind == Kind::kWords || kind == Kind::kWordsOrFiles) {
      absl::StrAppend(&cases, " words='", absl::StrJoin(spec.suggestions, " "), "'");
      if (IsList(spec)) cases += "; list=1";
      if (kind == Kind::kWordsOrFiles) cases += "; files=-f";
    } else {
      cases += kind == Kind::kFolders ? " files=-d" : " files=-f";
    }
    cases += " ;;\n";
  }
  return absl::StrCat(
      "# Completes the command lines of ", line.program(), ". Load it with\n#   source <(",
      line.program(), " --print-completion=bash)\n", function,
      "() {\n"
      "  # The word under the cursor: bash itself would end words at '='.\n"
      "  local line=${COMP_LINE:0:COMP_POINT}\n"
      "  local word=${line##*[[:space:]]} flag='' value='' words='' list='' files=''\n"
      "  local before=${line%\"$word\"}\n"
      "  before=${before%\"${before##*[![:space:]]}\"}\n"
      "  before=${before##*[[:space:]]}\n"
      "  COMPREPLY=()\n"
      "  if [[ $word == -*=* ]]; then\n"
      "    flag=${word%%=*} value=${word#*=}\n"
      "  elif [[ $word == -* ]]; then\n"
      "    local dashes=--\n"
      "    [[ $word == -[!-]* ]] && dashes=-\n"
      "    local known='",
      absl::StrJoin(flags, " "),
      "'\n"
      "    [[ $dashes == - ]] && known=${known//--/-}\n"
      "    COMPREPLY=($(compgen -W \"$known\" -- \"$word\"))\n"
      "    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace "
      "2>/dev/null\n"
      "    return\n"
      "  elif [[ $before == -* && $before != *=* ]]; then\n"
      "    flag=$before value=$word\n"
      "  fi\n"
      "  flag=${flag#-}\n"
      "  flag=${flag#-}\n"
      "  case ${flag#mlir-} in\n",
      cases,
      "    *)\n"
      "      [[ $word == -* ]] && return\n"
      "      value=$word files=-f",
      subcommands.empty()
          ? ""
          : absl::StrCat(
                "\n      [[ ${line%\"$word\"} =~ ^[^[:space:]]+[[:space:]]+$ ]] && words='",
                absl::StrJoin(subcommands, " "), "'"),
      " ;;\n"
      "  esac\n"
      "  # In a list, the last name is completed.\n"
      "  local prefix=''\n"
      "  [[ -n $list && $value == *,* ]] && prefix=${value%,*},\n"
      "  [[ -n $words ]] && COMPREPLY=($(compgen -P \"$prefix\" -W \"$words\" -- "
      "\"${value#\"$prefix\"}\"))\n"
      "  if [[ -n $files ]]; then\n"
      "    COMPREPLY+=($(compgen \"$files\" -- \"$value\"))\n"
      "    compopt -o filenames 2>/dev/null\n"
      "  fi\n"
      "}\n"
      "complete -F ",
      function, " ", line.program(), "\n");
}

// In double quotes of zsh's _arguments: no specials, one line.
std::string ZshText(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\n", " "},
                                    {"'", ""},
                                    {"[", "("},
                                    {"]", ")"},
                                    {":", " -"},
                                    {"\\", ""},
                                    {"`", ""},
                                    {"$", ""},
                                    {"\"", ""}});
}

std::string ZshCompletion(const CommandLine& line, const std::vector<std::string>& subcommands) {
  std::string text =
      absl::StrCat("#compdef ", line.program(), "\n# Completes the command lines of ",
                   line.program(), ".\n_arguments \\\n  '--help[print the flags]' \\\n",
                   "  '--version[print the version]' \\\n");
  for (const Spec& spec : line.specs()) {
    const bool takes = spec.use != CommandLine::ValueUse::kNone;
    const bool required = spec.use == CommandLine::ValueUse::kRequired;
    absl::StrAppend(&text, "  '*", spec.name.size() == 1 ? "-" : "--", spec.name,
                    !takes                  ? ""
                    : spec.name.size() == 1 ? "+"
                    : required              ? "="
                                            : "=-",
                    "[", ZshText(spec.help), "]");
    if (takes) {
      // An empty action is none; two colons make the value optional.
      absl::StrAppend(&text, required ? ":" : "::", ZshText(spec.metavar), ":");
      switch (KindOf(spec)) {
        case Kind::kNothing:
          break;
        case Kind::kWords:
        case Kind::kWordsOrFiles:
          if (IsList(spec)) {
            absl::StrAppend(&text, "_sequence compadd - ", absl::StrJoin(spec.suggestions, " "));
          } else {
            absl::StrAppend(&text, "(", absl::StrJoin(spec.suggestions, " "), ")");
          }
          break;
        case Kind::kFiles:
          text += "_files";
          break;
        case Kind::kFolders:
          text += "_files -/";
          break;
      }
    }
    text += "' \\\n";
  }
  if (!subcommands.empty()) {
    absl::StrAppend(&text, "  '1:model or program:{_alternative \"files:file:_files\" ",
                    "\"programs:program:(", absl::StrJoin(subcommands, " "), ")\"}' \\\n");
  }
  return text + "  '*:file:_files'\n";
}

std::string FishText(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}, {"\n", " "}});
}

std::string FishCompletion(const CommandLine& line, const std::vector<std::string>& subcommands) {
  const std::string start = absl::StrCat("complete -c ", line.program());
  std::string text = absl::StrCat("# Completes the command lines of ", line.program(), ".\n", start,
                                  " -l help -d 'print the flags'\n", start,
                                  " -l version -d 'print the version'\n");
  for (const Spec& spec : line.specs()) {
    absl::StrAppend(&text, start, spec.name.size() == 1 ? " -s " : " -l ", spec.name);
    const Kind kind = KindOf(spec);
    if (spec.use == CommandLine::ValueUse::kRequired) {
      const bool files = kind == Kind::kFiles || kind == Kind::kWordsOrFiles;
      text += files ? " -r -F" : " -x";
    }
    if (kind == Kind::kWords || kind == Kind::kWordsOrFiles) {
      absl::StrAppend(&text, " -a '", absl::StrJoin(spec.suggestions, " "), "'");
    }
    if (kind == Kind::kFolders) text += " -a '(__fish_complete_directories)'";
    absl::StrAppend(&text, " -d '", FishText(spec.help), "'\n");
  }
  for (const std::string& subcommand : subcommands) {
    absl::StrAppend(&text, start, " -n __fish_use_subcommand -a ", subcommand, "\n");
  }
  return text;
}

}  // namespace

std::vector<std::string> CompletionShells() { return {"bash", "zsh", "fish"}; }

std::string Completion(const CommandLine& line, const std::string& shell,
                       const std::vector<std::string>& subcommands) {
  if (shell == "zsh") return ZshCompletion(line, subcommands);
  if (shell == "fish") return FishCompletion(line, subcommands);
  return BashCompletion(line, subcommands);
}

}  // namespace allot
