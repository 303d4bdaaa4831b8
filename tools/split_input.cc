#include "tools/split_input.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace allot {
namespace {

// The line without what ends it.
absl::string_view LineAt(absl::string_view text, size_t start) {
  return text.substr(start, text.substr(start).find('\n'));
}

}  // namespace

std::vector<InputChunk> SplitInput(absl::string_view text, absl::string_view file_name,
                                   absl::string_view marker, std::vector<std::string>& warnings) {
  // A line that is nearly a marker is more likely a slip than a comment.
  const absl::string_view near = marker.substr(0, marker.size() > 2 ? marker.size() - 2 : 0);
  std::vector<InputChunk> chunks;
  size_t chunk_start = 0;
  int64_t line = 1;
  int64_t chunk_line = 1;
  const auto add = [&](size_t end) {
    chunks.push_back({text.substr(chunk_start, end - chunk_start),
                      absl::StrCat("within split at ", file_name, ":", chunk_line, " offset ")});
  };
  for (size_t start = 0; start <= text.size(); ++line) {
    const absl::string_view shown = LineAt(text, start);
    if (shown == marker) {
      add(start);
      chunk_start = start + marker.size();
      chunk_line = line;
    } else if (!near.empty() && absl::StartsWith(shown, near) &&
               shown.size() <= marker.size() + 2) {
      const size_t column = std::min(near.size(), shown.size());
      warnings.push_back(absl::StrCat(file_name, ":", line, ":", column + 1,
                                      ": warning: near miss with file split marker\n", shown, "\n",
                                      std::string(column, ' '), "^"));
    }
    start += shown.size() + 1;
  }
  add(text.size());
  return chunks;
}

}  // namespace allot
