// Modules of chips: targets whose devices are equal chips in an order (docs/target.md), and the
// plan's clusters as a problem of them (placement/kinds/chips/).
#pragma once

#include <optional>

#include "absl/status/statusor.h"

#include "passes/problem/built_problem.h"
#include "placement/kinds/chips/bounds/bounds.h"
#include "placement/kinds/chips/model/problem.h"
#include "target/target.h"

namespace allot {

inline constexpr char kChipKind[] = "chip";

// Whether all devices, two or more, are of the kind "chip".
bool IsChipModule(const Target& target);

// Item i is node number[i] of `problem`; device i is chip i.
struct ChipsOfPlan {
  chips::Problem problem;
  IdVector<ItemId, int32_t> number;
};

// The topology follows from the links: each chip has one to the next; one between the last and the
// first makes the ring two-way. What an item sends is all of its flows. A chip's memory is that of
// a device less the largest workspace of an item; shared weights count for each item that reads
// them. Errors: chips that are unlike or not linked in their order, more than there can be, rules
// that pin items or keep some together.
absl::StatusOr<ChipsOfPlan> MakeChipsOfPlan(const BuiltProblem& built, const Target& target);

// No plan of these items that keeps the rules of the module has a shorter period; with the name of
// what proves it. Of computing alone: launches and transfers are not counted. Errors as of
// MakeChipsOfPlan().
absl::StatusOr<chips::ChipsBound> BoundOfModule(const BuiltProblem& built, const Target& target);

}  // namespace allot
