#include "placement/solver_kinds.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace allot {

absl::Status CheckKind(absl::string_view who, const std::vector<absl::string_view>& kinds,
                       absl::string_view kind) {
  if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat(who, ": is for problems of the kind ",
                                               absl::StrJoin(kinds, " or "), ", not ", kind));
}

}  // namespace allot
