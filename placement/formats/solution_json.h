// Placements as JSON: what is printed of a solution, and anybody's answer read back to be checked.
// Times are milliseconds, in the shortest form that reads back equal.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "placement/lanes/replication.h"
#include "placement/problem/problem.h"
#include "placement/value/evaluate.h"
#include "support/json.h"

namespace allot {

// [{"item", "device"}], in the order of the items; "call" too where there are calls.
Json PlacementJson(const PlacementProblem& problem, const Solution& solution);

// [{"item", "device", "start_ms", "end_ms"}] in the order of the items, then the transfers:
// [{"flow", "from", "to", "start_ms", "end_ms"}]. A flow is its number in the problem; a store of a
// staged flow leads to the device itself.
Json ScheduleJson(const PlacementProblem& problem, const Solution& solution,
                  const Schedule& schedule);

// Somebody's answer to a problem.
struct Claim {
  Solution solution;                   // its order is that of the schedule
  std::optional<Schedule> schedule;    // if the answer has one
  std::optional<double> objective_ms;  // if it claims one
  // Placements that take turns, if it has any, and the period claimed for them.
  ReplicatedPlacement replicated;
  Picos replicated_period = 0;
};

// Reads {"placement", "schedule", "objective", "replication": {"period", "shares": [{"share",
// "placement"}]}}, written as above; all but the first may be missing, and other members mean
// nothing here. Items and devices are names; a number that is no name counts
// from 0. Errors say where.
absl::StatusOr<Claim> ReadClaim(const PlacementProblem& problem, absl::string_view text,
                                const std::string& file);
// The same of a text that has been parsed.
absl::StatusOr<Claim> ReadClaimDocument(const PlacementProblem& problem, const Json& json,
                                        const std::string& file);

// The objective of the answer, or what is wrong with it: whatever Verify() finds in its schedule
// (without one, in the schedule that Simulate() makes of the placement, items in their smallest
// topological order), and an objective that is another one. Without a schedule the claim may be off
// by a picosecond for each item and flow: others do not count in whole picoseconds. Replicas are
// held to their period.
absl::StatusOr<Picos> VerifyClaim(const PlacementProblem& problem, const Claim& claim);

}  // namespace allot
