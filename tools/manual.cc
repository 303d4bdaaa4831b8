#include "tools/manual.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

#include "support/version.h"
#include "tools/completion.h"

namespace allot {
namespace {

// Text as roff shows it: no character commands, a hyphen that can be copied, no line that is taken
// for a request. Ends of lines are spaces; the page is filled anew.
std::string Escaped(absl::string_view text) {
  std::string escaped =
      absl::StrReplaceAll(text, {{"\\", "\\e"}, {"-", "\\-"}, {"\n", " "}, {"`", "\\(ga"}});
  if (absl::StartsWith(escaped, ".") || absl::StartsWith(escaped, "'")) escaped.insert(0, "\\&");
  return escaped;
}

// A heading is one argument of a request.
std::string Heading(absl::string_view title) {
  return absl::StrCat("\"", absl::StrReplaceAll(Escaped(title), {{"\"", "\\(dq"}}), "\"");
}

// "make-model" of "allot make-model"; the page is called allot-make-model.
std::string PageName(const CommandLine& line) {
  return absl::StrReplaceAll(line.program(), {{" ", "-"}});
}

void AppendItem(const std::string& left, absl::string_view help, std::string& page) {
  absl::StrAppend(&page, ".TP\n", left, "\n", Escaped(help), "\n");
}

std::string FlagText(const CommandLine::Spec& spec) {
  const bool letter = spec.name.size() == 1;
  std::string text = absl::StrCat("\\fB", Escaped(letter ? "-" : "--"), Escaped(spec.name), "\\fR");
  if (spec.metavar.empty()) return text;
  const bool optional = spec.use == CommandLine::ValueUse::kOptional;
  absl::StrAppend(&text, optional ? "[" : "", letter ? " " : "=", "\\fI", Escaped(spec.metavar),
                  "\\fR", optional ? "]" : "");
  return text;
}

void AppendFlags(const CommandLine& line, std::string& page) {
  std::string section;
  for (const CommandLine::Spec& spec : line.specs()) {
    if (spec.section != section) {
      section = spec.section;
      absl::StrAppend(&page, ".SS ", Heading(section), "\n");
    }
    AppendItem(FlagText(spec), spec.help, page);
    if (spec.options.options.empty()) continue;
    page += ".RS\n";
    for (const OptionDoc& option : spec.options.options) {
      AppendItem(absl::StrCat("\\fI", Escaped(option.name), "\\fR=", Escaped(option.default_value)),
                 option.summary, page);
    }
    page += ".RE\n";
  }
  page += ".SS \"Of every program\"\n";
  for (const auto& [flag, help] : CommonFlags()) {
    AppendItem(absl::StrCat("\\fB", Escaped(flag), "\\fR"), help, page);
  }
}

}  // namespace

std::string Manual(const CommandLine& line, const std::vector<CommandWord>& subcommands) {
  const std::string name = PageName(line);
  // No day: the same program has the same page whenever it is built.
  std::string page = absl::StrCat(".TH ", Heading(absl::AsciiStrToUpper(name)), " 1 \"\" \"Allot ",
                                  kVersion, "\" \"User Commands\"\n");
  absl::StrAppend(&page, ".SH NAME\n", Escaped(name), " \\- ", Escaped(line.overview()), "\n");
  absl::StrAppend(&page, ".SH SYNOPSIS\n\\fB", Escaped(line.program()), "\\fR ",
                  Escaped(line.usage()), "\n");
  page +=
      ".SH DESCRIPTION\nFlags may stand in any place, with one dash or two, with their value "
      "behind "
      "=\nor as the next word. Two dashes alone end them.\n";
  if (!subcommands.empty()) {
    page += ".SH COMMANDS\nAs the first word:\n";
    for (const CommandWord& word : subcommands) {
      AppendItem(absl::StrCat("\\fB", Escaped(word.name), "\\fR"), word.help, page);
    }
    absl::StrAppend(&page, ".PP\n\\fB", Escaped(absl::StrCat(line.program(), " NAME --help")),
                    "\\fR says more.\n");
  }
  page += ".SH OPTIONS\n";
  AppendFlags(line, page);
  page +=
      ".SH \"EXIT STATUS\"\n0 if all went well. 1 otherwise, with one line on standard error that "
      "says what was\nwrong and where; no output is half written then.\n";
  if (!line.examples().empty()) {
    page += ".SH EXAMPLES\n";
    for (const CommandWord& example : line.examples()) {
      absl::StrAppend(&page, ".TP\n\\fB", Escaped(example.name), "\\fR\n", Escaped(example.help),
                      "\n");
    }
  }
  page += ".SH \"SEE ALSO\"\n";
  std::string others;
  for (absl::string_view other : {"allot", "allot-opt", "allot-solve", "allot-make-model"}) {
    if (other == name) continue;
    absl::StrAppend(&others, others.empty() ? "" : ",\n", ".BR ", Escaped(other), " (1)");
  }
  return absl::StrCat(page, others, "\n");
}

}  // namespace allot
