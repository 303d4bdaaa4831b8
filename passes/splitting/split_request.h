// What is asked to be divided, as text: "REGEX=columns:2;REGEX=pairs:4".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "operators/split_axis.h"
#include "target/name_pattern.h"

namespace allot {

struct SplitRequest {
  enum class What {
    kPairs,  // blocks that end with a product by rows
    kOperator,
  };
  std::string text;     // as written
  NamePattern pattern;  // of whole names of nodes
  What what = What::kOperator;
  SplitKind kind = SplitKind::kColumns;
  int64_t parts = 2;
};

// "REGEX=KIND:PARTS", with pairs, columns, rows, heads, experts or batch, and 2 to 64 parts.
absl::StatusOr<SplitRequest> ParseSplitRequest(absl::string_view text);

// Nodes from the end of the range before it to `end`, by place in the graph's order, into so many
// slices.
struct RangeWidth {
  int64_t end = 0;
  int64_t parts = 1;
};

// "64:1;1264:4": ends ascend; 1 to 64 parts. None of an empty text.
absl::StatusOr<std::vector<RangeWidth>> ParseRangeWidths(absl::string_view text);
std::string PrintRangeWidths(const std::vector<RangeWidth>& widths);

// Several with ';' between them; none of an empty text.
absl::StatusOr<std::vector<SplitRequest>> ParseSplitRequests(absl::string_view text);

}  // namespace allot
