// Orders of the units, and the best way to cut one into stretches, one for each device in turn.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/loads/load_model.h"

namespace allot {

// Units by their first forward items in a depth-first topological order, in which what feeds one
// item alone (a constant, a short branch) stands next to it. Units of backward items alone follow
// the unit that they exchange most with. O((items + flow ends) log).
std::vector<int32_t> DepthFirstOrder(const PlacementProblem& problem, const ProblemGraph& graph,
                                     const LoadModel& model);

// `order` is a permutation of the units; stretch i goes to `devices[i]` and may be empty. By unit,
// its device, such that the largest load of a device is smallest, where transfers cost a device
// what they cost at least (load_reduction.h) and memory counts without what units share; empty if
// there is no such split. Dynamic programming over the ends of stretches: O(units * (units + flow
// ends) * classes of devices + units^2 * devices); `work` grows by as much.
std::vector<int32_t> SplitInOrder(const LoadModel& model, const std::vector<int32_t>& order,
                                  const std::vector<int32_t>& devices, int64_t& work);
// By how much at most, for all devices of the model.
int64_t SplitEffort(const LoadModel& model);

}  // namespace allot
