#include "operators/split_axis.h"

namespace allot {

absl::string_view SplitKindName(SplitKind kind) {
  switch (kind) {
    case SplitKind::kColumns:
      return "columns";
    case SplitKind::kRows:
      return "rows";
    case SplitKind::kHeads:
      return "heads";
    case SplitKind::kExperts:
      return "experts";
    case SplitKind::kBatch:
      return "batch";
    case SplitKind::kElements:
      break;
  }
  return "elements";
}

}  // namespace allot
