// The best parts of a small problem: devices, partition and order at once.
#pragma once

#include <optional>

#include "placement/parts/parts.h"

namespace allot {

// At most this many items. About 9 are solved quickly, more if bounds or launches leave little
// choice.
inline constexpr size_t kMaxExactPartItems = 16;

// The least value of EvaluateParts() over all devices, all partitions into parts of one device with
// an acyclic quotient, and all launch orders. nullopt if there are too many items or devices
// (64), if a flow is staged, if a device may have so many parts only, if `work` (steps tried) ends
// before the proof, or if nothing is feasible. `incumbent` may be null; it comes back if nothing is
// better.
std::optional<PartedSolution> ExactParts(const PlacementProblem& problem, const ProblemGraph& graph,
                                         const PartedSolution* incumbent, int64_t work);

}  // namespace allot
