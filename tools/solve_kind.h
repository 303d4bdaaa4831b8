// What allot-solve does with a problem of any kind: asks a solver, and says what came of it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "placement/kinds/kind.h"
#include "support/json.h"

namespace allot {

// "local-search{restarts=2}". Without options there are no braces.
absl::StatusOr<SolverChoice> ParseSolverChoice(absl::string_view text);

// {"kind", "status", "objective", "unit", "bound", "bound_name", "gap", "proved_optimal", "solver",
// "wall_s", "work"} and then the members of the answer; one that is no object is "answer".
Json KindResultJson(const ProblemKind& kind, const ProblemInstance& problem,
                    const KindResult& result, double wall_s);
// A few lines.
std::string KindResultTable(const ProblemKind& kind, const ProblemInstance& problem,
                            const KindResult& result, double wall_s, const std::string& name);

}  // namespace allot
