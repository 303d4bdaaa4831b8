// Small chains that are trained, and every plan of them.
#pragma once

#include <cstdint>
#include <functional>

#include "placement/trained/chain.h"

namespace allot::testing {

// Devices that are unlike and linked in pairs, each direction a channel of its own; times, bytes
// and memories such that some plans fit and some do not.
TrainedChain RandomTrainedChain(uint64_t seed, size_t cells, size_t devices);

// Calls visit() for every sequence of distinct devices and every way to cut the chain into as many
// ranges, with recomputing where the memory of a stage, added up here, asks for it; plans that do
// not fit, or lead where there is no route, are left out.
void ForEachTrainedPlan(const TrainedChain& chain,
                        const std::function<void(const TrainedPlan&)>& visit);

}  // namespace allot::testing
