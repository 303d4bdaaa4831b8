#include "tools/text_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace allot {

std::string Milliseconds(Picos time) { return absl::StrFormat("%.4f ms", ToMillis(time)); }

std::string Size(Bytes bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? absl::StrCat(bytes, " B") : absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::vector<std::vector<std::string>> FoldAlike(std::vector<std::vector<std::string>> rows) {
  constexpr size_t kFewest = 4;
  const auto alike = [](const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return a.size() == b.size() && !a.empty() && std::equal(a.begin() + 1, a.end(), b.begin() + 1);
  };
  std::vector<std::vector<std::string>> folded;
  for (size_t first = 0; first < rows.size();) {
    size_t end = first + 1;
    while (end < rows.size() && alike(rows[first], rows[end])) ++end;
    if (end - first >= kFewest) {
      absl::StrAppend(&rows[first][0], " to ", rows[end - 1][0]);
      folded.push_back(std::move(rows[first]));
    } else {
      for (size_t i = first; i < end; ++i) folded.push_back(std::move(rows[i]));
    }
    first = end;
  }
  return folded;
}

std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      absl::StrAppend(&text, i == 0 ? "" : "  ", i == 0 ? "" : padding, row[i],
                      i == 0 ? padding : "");
    }
    absl::StripTrailingAsciiWhitespace(&text);
    text += '\n';
  }
  return text;
}

}  // namespace allot
