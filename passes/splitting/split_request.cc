#include "passes/splitting/split_request.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "support/nearest_name.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr int64_t kMostParts = 64;

constexpr SplitKind kKinds[] = {SplitKind::kColumns, SplitKind::kRows, SplitKind::kHeads,
                                SplitKind::kExperts, SplitKind::kBatch};

}  // namespace

absl::StatusOr<SplitRequest> ParseSplitRequest(absl::string_view text) {
  const auto wrong = [&](const auto&... what) {
    return InputError("split '", text, "': ", what..., "; expected REGEX=KIND:PARTS, such as ",
                      "'.*/mlp/.*=pairs:2'");
  };
  const size_t equal = text.rfind('=');
  if (equal == text.npos) return wrong("there is no '='");
  const absl::string_view what = text.substr(equal + 1);
  const size_t colon = what.rfind(':');
  if (colon == what.npos) return wrong("'", what, "' says no number of parts");
  SplitRequest request;
  request.text = std::string(text);
  if (!absl::SimpleAtoi(what.substr(colon + 1), &request.parts) || request.parts < 2 ||
      request.parts > kMostParts) {
    return wrong("'", what.substr(colon + 1), "' is no number of parts from 2 to ", kMostParts);
  }
  const absl::string_view kind = what.substr(0, colon);
  std::vector<std::string> names = {"pairs"};
  bool known = kind == "pairs";
  if (known) request.what = SplitRequest::What::kPairs;
  for (const SplitKind each : kKinds) {
    names.emplace_back(SplitKindName(each));
    if (kind != SplitKindName(each)) continue;
    request.kind = each;
    known = true;
  }
  if (!known) {
    return wrong("there is no kind '", kind, "'", DidYouMean(kind, names, ", "), " (there are ",
                 absl::StrJoin(names, ", "), ")");
  }
  ALLOT_ASSIGN_OR_RETURN(request.pattern, NamePattern::Parse(text.substr(0, equal)), "split '",
                         text, "': ");
  return request;
}

absl::StatusOr<std::vector<SplitRequest>> ParseSplitRequests(absl::string_view text) {
  std::vector<SplitRequest> requests;
  if (text.empty()) return requests;
  for (const absl::string_view piece : absl::StrSplit(text, ';')) {
    ALLOT_ASSIGN_OR_RETURN(SplitRequest request, ParseSplitRequest(piece));
    requests.push_back(std::move(request));
  }
  return requests;
}

absl::StatusOr<std::vector<RangeWidth>> ParseRangeWidths(absl::string_view text) {
  std::vector<RangeWidth> widths;
  if (text.empty()) return widths;
  for (const absl::string_view piece : absl::StrSplit(text, ';')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(piece, ':');
    RangeWidth width;
    if (fields.size() != 2 || !absl::SimpleAtoi(fields[0], &width.end) ||
        !absl::SimpleAtoi(fields[1], &width.parts) || width.parts < 1 || width.parts > kMostParts ||
        width.end < (widths.empty() ? 0 : widths.back().end)) {
      return InputError("widths '", text, "': '", piece,
                        "' is not END:N, with ends that ascend and ", "1 to ", kMostParts,
                        " parts; such as '64:1;1264:4'");
    }
    widths.push_back(width);
  }
  return widths;
}

std::string PrintRangeWidths(const std::vector<RangeWidth>& widths) {
  return absl::StrJoin(widths, ";", [](std::string* out, const RangeWidth& width) {
    absl::StrAppend(out, width.end, ":", width.parts);
  });
}

}  // namespace allot
