// Chains over more devices than there are sets to try: each device of a sequence is filled up to a
// common load, and the least load that suffices is found by bisection.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/parts/ordered_cuts.h"

namespace allot {

// A chain with at most one part per device, for throughput: `use`d devices in a sequence, each of
// which takes as many items as its load allows (the simple way to balance a chain, optimal for one
// sequence where cutting costs the same everywhere). Sequences: devices of one kind, with the same
// times, memory and launch, follow each other as they are numbered, so that neighbours stay in one
// server; kinds in every order while there are at most kMostKinds, else by speed and as numbered.
// Slow kinds are left out where that costs little. Among cuts that keep the load the cheapest is
// taken, which is between blocks rather than within. What is resident is kept within the memories;
// tensors need room, too, so where the chain does not fit less of them is given away. Device by
// position; empty if no sequence takes all items. O(kinds! * log(load) * devices * (log(items) +
// width)), where `width` is how many positions are looked at for a cut.
std::vector<DeviceId> FilledChain(const PlacementProblem& problem, const OrderedCuts& cuts,
                                  const IdVector<DeviceId, bool>& use);

// For latency, where no device holds all: devices are filled up to their memories, the fastest kind
// first, as numbered. Cuts as above. O(devices * (log(items) + width)).
std::vector<DeviceId> ChainByMemory(const PlacementProblem& problem, const OrderedCuts& cuts,
                                    const IdVector<DeviceId, bool>& use);

// What an expert would draw for throughput: BalancedChain(), and where there are more sets of
// devices than it tries, FilledChain(), too. `like` as for BalancedChain().
std::vector<std::vector<DeviceId>> BalancedRanges(const PlacementProblem& problem,
                                                  const OrderedCuts& cuts,
                                                  const std::vector<int32_t>& like,
                                                  const IdVector<DeviceId, bool>& use);

}  // namespace allot
