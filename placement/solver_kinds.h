// Which kinds of problems there are for solvers to say that they take; the kinds themselves are in
// placement/kinds/.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "placement/problem/problem.h"

namespace allot {

inline constexpr absl::string_view kItemsKind = "items", kCallsKind = "calls";

// The kind of a placement problem, by how its devices execute.
inline absl::string_view KindNameOf(const PlacementProblem& problem) {
  return problem.execution == Execution::kCalls ? kCallsKind : kItemsKind;
}

// OK if `kind` is among the kinds that the solver `who` takes. Else the one way to say "not my
// kind": an error of the code Unimplemented, "heft: is for problems of the kind items, not calls".
absl::Status CheckKind(absl::string_view who, const std::vector<absl::string_view>& kinds,
                       absl::string_view kind);

}  // namespace allot
