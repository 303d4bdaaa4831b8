// Problems and answers as JSON, schema "allot.chips/1", read strictly.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "placement/kinds/chips/model/problem.h"
#include "support/json.h"

namespace allot::chips {

inline constexpr absl::string_view kSchema = "allot.chips/1";

// What flags of allot-solve say instead of the file.
inline constexpr char kChipsFlag[] = "chips", kMemoryFlag[] = "memory", kRingFlag[] = "ring",
                      kBandwidthFlag[] = "bandwidth";

// Errors say where, all of them. Nodes may stand in any order; the problem has them in the
// topological order that is nearest to it. What Check() finds is left to it.
absl::StatusOr<Problem> ReadProblem(const Json& document, const std::string& file);
std::string PrintProblem(const Problem& problem);

// "one-way", "two-way", "grid:COLUMNS".
absl::Status ParseRing(absl::string_view text, Problem& problem);
std::string PrintRing(const Problem& problem);

// {"chips": [["a", "b"], ["c"]], ...}: names of nodes by chip; copied ones may stand on several or
// be missing. Also the bare array, and [0, 0, 1], a chip for each node of the problem.
absl::StatusOr<Assignment> ReadAssignment(const Problem& problem, const Json& json,
                                          const std::string& file);

}  // namespace allot::chips
