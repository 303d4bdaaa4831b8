// What allot-solve does with a problem of any kind: asks a solver, and says what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "placement/kinds/kind.h"
#include "support/json.h"

namespace allot {

// "local-search{restarts=2}". Without options there are no braces.
absl::StatusOr<SolverChoice> ParseSolverChoice(absl::string_view text);

// How far the bound is from the value, as a part of the value, both as the kind's figures, whether
// less or more of them is better; nullopt where the bound claims nothing or the figure is 0.
std::optional<double> GapOf(const ProblemInstance& problem, int64_t value, int64_t bound);

// {"kind", "status", "objective", "unit", "bound", "bound_name", "gap", "proved_optimal", "solver",
// "wall_s", "work"} and then the members of the answer; one that is no object is "answer".
Json KindResultJson(const ProblemKind& kind, const ProblemInstance& problem,
                    const KindResult& result, double wall_s);
// A few lines.
std::string KindResultTable(const ProblemKind& kind, const ProblemInstance& problem,
                            const KindResult& result, double wall_s, const std::string& name);

}  // namespace allot
