#include "tools/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace allot {
namespace {

ColourWhen g_when = ColourWhen::kAuto;

const char* CodeOf(Tone tone) {
  switch (tone) {
    case Tone::kStrong:
      return "1";
    case Tone::kFaint:
      return "2";
    case Tone::kGood:
      return "32";
    case Tone::kWarning:
      return "33";
    case Tone::kError:
      return "1;31";
  }
  return "0";
}

// The line's part from `begin` on, in a tone.
std::string From(size_t begin, absl::string_view line, Tone tone) {
  return absl::StrCat(line.substr(0, begin), InTone(tone, line.substr(begin), true));
}

std::string ColourLine(absl::string_view line, bool first) {
  constexpr absl::string_view kProved = "proved optimal";
  if (first) return InTone(Tone::kStrong, line, true);
  if (absl::StartsWith(line, "value  ")) {
    return From(line.find_first_not_of(' ', 5), line, Tone::kStrong);
  }
  if (absl::StartsWith(line, "gap  ") && absl::EndsWith(line, kProved)) {
    return From(line.size() - kProved.size(), line, Tone::kGood);
  }
  if (absl::StartsWith(line, "splitting does not pay")) return From(0, line, Tone::kWarning);
  // Heads of tables.
  if (absl::StartsWith(line, "device  ") || absl::StartsWith(line, "without Allot  ")) {
    return InTone(Tone::kFaint, line, true);
  }
  return std::string(line);
}

}  // namespace

void SetColour(ColourWhen when) { g_when = when; }

bool HasColour(std::FILE* stream) {
  if (g_when != ColourWhen::kAuto) return g_when == ColourWhen::kAlways;
  const char* const refused = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  if (refused != nullptr && *refused != '\0') return false;
  if (terminal == nullptr || absl::string_view(terminal) == "dumb") return false;
  return isatty(fileno(stream)) == 1;
}

std::string InTone(Tone tone, absl::string_view text, bool colour) {
  if (!colour || text.empty()) return std::string(text);
  return absl::StrCat("\033[", CodeOf(tone), "m", text, "\033[0m");
}

std::string ColourMessage(absl::string_view message, bool colour) {
  constexpr std::pair<absl::string_view, Tone> kLabels[] = {
      {"error:", Tone::kError}, {"warning:", Tone::kWarning}, {"note:", Tone::kStrong}};
  size_t at = absl::string_view::npos;
  const std::pair<absl::string_view, Tone>* label = nullptr;
  for (const auto& one : kLabels) {
    const size_t found = message.find(one.first);
    if (found < at) {
      at = found;
      label = &one;
    }
  }
  if (!colour || label == nullptr) return std::string(message);
  return absl::StrCat(message.substr(0, at), InTone(label->second, label->first, true),
                      message.substr(at + label->first.size()));
}

std::string ColourReport(absl::string_view report, bool colour) {
  if (!colour) return std::string(report);
  std::string text;
  bool first = true;
  for (const absl::string_view line : absl::StrSplit(report, '\n')) {
    absl::StrAppend(&text, first ? "" : "\n", ColourLine(line, first));
    first = false;
  }
  return text;
}

int TerminalWidth(std::FILE* stream) {
  winsize size = {};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace allot
