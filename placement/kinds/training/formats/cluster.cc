#include "placement/kinds/training/formats/cluster.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "support/read_file.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr int64_t kMostGpus = int64_t{1} << 16;

absl::StatusOr<int64_t> Count(absl::string_view text) {
  int64_t count = 0;
  if (absl::SimpleAtoi(text, &count) && count >= 0 && count <= kMostGpus) return count;
  return InputError("expected a number of 0 to ", kMostGpus, ", not '", text, "'");
}

absl::StatusOr<std::vector<ClusterPart>> ReadParts(absl::string_view text) {
  std::vector<ClusterPart> parts;
  for (const absl::string_view each : absl::StrSplit(text, ',')) {
    const size_t colon = each.rfind(':');
    if (colon == each.npos) {
      return InputError("expected GPU:COUNT or GPU@ZONE:COUNT, or a file TRACE.csv, not '", each,
                        "'");
    }
    const std::pair<absl::string_view, absl::string_view> name =
        absl::StrSplit(each.substr(0, colon), absl::MaxSplits('@', 1));
    ClusterPart part{std::string(name.first), std::string(name.second), 0};
    if (part.gpu.empty()) return InputError("'", each, "': expected a GPU before the count");
    ALLOT_ASSIGN_OR_RETURN(part.count, Count(each.substr(colon + 1)), "'", each, "': ");
    if (part.count > 0) parts.push_back(std::move(part));
  }
  return parts;
}

absl::StatusOr<std::vector<ClusterPart>> ReadTrace(absl::string_view text, int64_t row) {
  std::vector<std::vector<std::string>> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!line.empty()) lines.push_back(absl::StrSplit(line, ','));
  }
  if (lines.size() < 2) return InputError("is no trace: there is no row below the names");
  if (row >= static_cast<int64_t>(lines.size()) - 1) {
    return InputError("has no row ", row, "; they are 0 to ", lines.size() - 2);
  }
  const std::vector<std::string>& names = lines[0];
  const std::vector<std::string>& cells = lines[static_cast<size_t>(row) + 1];
  std::vector<ClusterPart> parts;
  if (cells.size() != names.size()) {
    return InputError("row ", row, ": there are ", cells.size(), " cells for ", names.size(),
                      " names");
  }
  for (size_t i = 0; i < names.size(); ++i) {
    const size_t mark = names[i].find('_');
    if (mark == std::string::npos) continue;  // the number of the row, the time
    ClusterPart part{names[i].substr(0, mark), names[i].substr(mark + 1), 0};
    ALLOT_ASSIGN_OR_RETURN(part.count, Count(cells[i]), "row ", row, ": ", names[i], ": ");
    if (part.count > 0) parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

absl::StatusOr<std::vector<ClusterPart>> ReadCluster(absl::string_view text,
                                                     const std::string& folder) {
  const auto context = [&] { return absl::StrCat("--cluster=", text, ": "); };
  std::vector<ClusterPart> parts;
  const size_t end = text.find(".csv");
  if (end == text.npos) {
    ALLOT_ASSIGN_OR_RETURN(parts, ReadParts(text), context());
  } else {
    std::string path(text.substr(0, end + 4));
    absl::string_view rest = text.substr(end + 4);
    int64_t row = 0;
    if (!rest.empty() &&
        (!absl::ConsumePrefix(&rest, ":") || !absl::SimpleAtoi(rest, &row) || row < 0)) {
      return InputError(context(), "expected TRACE.csv or TRACE.csv:ROW");
    }
    std::error_code error;
    const std::filesystem::path other = std::filesystem::path(folder) / path;
    if (!std::filesystem::exists(path, error) && std::filesystem::exists(other, error)) {
      path = other.string();
    }
    ALLOT_ASSIGN_OR_RETURN(const std::string trace, ReadTextFile(path), "--cluster: ");
    ALLOT_ASSIGN_OR_RETURN(parts, ReadTrace(trace, row), "--cluster: ", path, ": ");
  }
  if (parts.empty()) return InputError(context(), "there is no GPU");
  return parts;
}

}  // namespace allot
