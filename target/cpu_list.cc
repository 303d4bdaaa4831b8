#include "target/cpu_list.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "support/status.h"

namespace allot {
namespace {

// Digits alone: SimpleAtoi would also take signs and spaces.
bool ParseCpu(absl::string_view text, int& cpu) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  }) && absl::SimpleAtoi(text, &cpu);
}

}  // namespace

absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text) {
  absl::ConsumeSuffix(&text, "\n");
  std::vector<int> cpus;
  if (text.empty()) return cpus;
  for (const absl::string_view piece : absl::StrSplit(text, ',')) {
    const size_t dash = piece.find('-');
    int first = 0, last = 0;
    const bool numbers = ParseCpu(piece.substr(0, dash), first) &&
                         (dash == piece.npos || ParseCpu(piece.substr(dash + 1), last));
    if (!numbers) {
      return InputError("cannot read '", piece, "'; a list of cores is written like '0-3,8'");
    }
    if (dash == piece.npos) last = first;
    if (last < first) return InputError("the range '", piece, "' ends before it starts");
    if (last >= kMaxCpus) return InputError("'", piece, "': there is no core above ", kMaxCpus - 1);
    if (!cpus.empty() && first <= cpus.back()) {
      return InputError("'", piece, "' does not lie above core ", cpus.back(),
                        "; cores must ascend, each once");
    }
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

std::string PrintCpuList(const std::vector<int>& cpus) {
  std::string text;
  for (size_t i = 0; i < cpus.size();) {
    size_t end = i + 1;
    while (end < cpus.size() && cpus[end] == cpus[end - 1] + 1) ++end;
    absl::StrAppend(&text, text.empty() ? "" : ",", cpus[i]);
    if (end > i + 1) absl::StrAppend(&text, "-", cpus[end - 1]);
    i = end;
  }
  return text;
}

}  // namespace allot
