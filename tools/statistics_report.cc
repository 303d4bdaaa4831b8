#include "tools/statistics_report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "tools/pass_label.h"

namespace allot {

void StatisticsReport::Add(const std::string& pass, const PassStatistics& counted) {
  runs_.emplace_back(pass, counted.counts());
}

std::string StatisticsReport::Text(const StatisticsOptions& options) const {
  const bool list = options.display == "list";
  std::vector<std::pair<std::string, Counts>> shown = runs_;
  if (list) {
    std::map<std::string, Counts> sums;
    for (const auto& [pass, counts] : runs_) {
      for (const auto& [name, count] : counts) sums[pass][name] += count;
    }
    shown.assign(sums.begin(), sums.end());
  }
  std::string text =
      "===-------------------------------------------------------------------------===\n"
      "                         ... Pass statistics report ...\n"
      "===-------------------------------------------------------------------------===\n";
  if (!list) text += "'onnx.graph' Pipeline\n";
  const std::string indent = list ? "" : "  ";
  for (const auto& [pass, counts] : shown) {
    // A list is of what there is to tell; a pipeline shows its passes.
    if (list && counts.empty()) continue;
    absl::StrAppend(&text, indent, PassLabel(pass), "\n");
    size_t width = 0;
    for (const auto& [name, count] : counts) width = std::max(width, absl::StrCat(count).size());
    for (const auto& [name, count] : counts) {
      absl::StrAppendFormat(&text, "%s  (S) %*d %s\n", indent, static_cast<int>(width), count,
                            name);
    }
  }
  return text;
}

}  // namespace allot
