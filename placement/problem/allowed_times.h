// Where an item may go at all: what bounds and exact searches start from.
#pragma once

#include <optional>
#include <vector>

#include "placement/problem/problem.h"

namespace allot {

// Larger than any time: there is no way.
inline constexpr Picos kNever = Picos{1} << 62;

// By [item][device]: the time of the item there; kNotAllowed if it, or an item it must share its
// device with, cannot run there, or if they alone overflow the device's memory. A relaxation: every
// feasible placement uses allowed pairs only. `joined_groups`: JoinedGroups().
inline constexpr Picos kNotAllowed = -1;
ItemTimes AllowedTimes(const PlacementProblem& problem,
                       const std::vector<std::vector<ItemId>>& joined_groups);

// Where each item is, if none has a choice; nullopt: some have one, or none at all. Whether that
// fits is another question. O(items * devices).
std::optional<IdVector<ItemId, DeviceId>> ForcedPlacement(const PlacementProblem& problem);

}  // namespace allot
