#include "support/diagnostics.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "support/one_line.h"

namespace allot {
namespace {

absl::string_view Label(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

// Whether it has been said already, as by a pass that runs twice. Of very many nobody looks.
bool Repeats(const std::vector<Diagnostic>& all, const Diagnostic& diagnostic) {
  constexpr size_t kMostCompared = 4096;
  return all.size() <= kMostCompared && std::find(all.begin(), all.end(), diagnostic) != all.end();
}

}  // namespace

std::string ToString(const Diagnostic& diagnostic) {
  return absl::StrCat(diagnostic.where, diagnostic.where.empty() ? "" : ": ",
                      Label(diagnostic.severity), ": ", diagnostic.message);
}

void Diagnostics::Report(Diagnostic diagnostic) {
  diagnostic.where = OneLine(diagnostic.where);
  diagnostic.message = OneLine(diagnostic.message);
  if (diagnostic.severity == Severity::kError) {
    ++num_errors_;
  } else if (Repeats(all_, diagnostic)) {
    return;
  }
  all_.push_back(std::move(diagnostic));
}

void Diagnostics::Error(std::string where, std::string message) {
  Report({Severity::kError, std::move(where), std::move(message)});
}
void Diagnostics::Warning(std::string where, std::string message) {
  Report({Severity::kWarning, std::move(where), std::move(message)});
}
void Diagnostics::Note(std::string where, std::string message) {
  Report({Severity::kNote, std::move(where), std::move(message)});
}

absl::Status Diagnostics::ToStatus() const {
  if (num_errors_ == 0) return absl::OkStatus();
  for (const Diagnostic& diagnostic : all_) {
    if (diagnostic.severity != Severity::kError) continue;
    std::string text =
        absl::StrCat(diagnostic.where, diagnostic.where.empty() ? "" : ": ", diagnostic.message);
    if (num_errors_ > 1) absl::StrAppend(&text, " (and ", num_errors_ - 1, " more)");
    return absl::InvalidArgumentError(text);
  }
  return absl::OkStatus();
}

absl::Status Diagnostics::ToStatusOfAll() const {
  constexpr size_t kMostLines = 12;
  std::vector<std::string> lines;
  for (const bool meant : {true, false}) {
    for (const Diagnostic& each : all_) {
      if (each.severity != Severity::kError) continue;
      if (absl::StrContains(each.message, "did you mean") != meant) continue;
      lines.push_back(absl::StrCat(each.where, each.where.empty() ? "" : ": ", each.message));
    }
  }
  if (lines.empty()) return absl::OkStatus();
  if (lines.size() > kMostLines) {
    const size_t more = lines.size() - kMostLines;
    lines.resize(kMostLines);
    lines.push_back(absl::StrCat("and ", more, " more"));
  }
  // Whoever prints the message writes "error: " in front of the first line.
  return absl::InvalidArgumentError(absl::StrJoin(lines, "\nerror: "));
}

}  // namespace allot
