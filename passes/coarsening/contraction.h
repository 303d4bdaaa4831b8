// Makes a large placement problem small, at some loss: for graphs beyond what a solver can search.
#pragma once

#include "placement/problem/problem.h"

namespace allot {

// By item, dense groups in topological order of their acyclic quotient: at most `max_groups` unless
// devices or memory forbid. A problem that is small enough already is left as it is.
//  1. Chains: u -> v, each the other's only neighbour there, become one where the transfer between
//     any two devices costs more than having u and v on devices of their own can save.
//  2. Matchings, as multilevel partitioners of DAGs do (Herrmann et al., SIAM J. Sci. Comput.
//  2019):
//     the neighbours that gain most by being together, each group at most once a round, no group
//     much larger than an even share; then neighbours in the order where nothing else is left.
// Groups lose a device only where that costs less than the transfer it saves. `apart` (by item, may
// be empty): items for which it differs stay apart, so there may be more groups. Deterministic;
// about O(m log n).
IdVector<ItemId, ItemId> ContractToSize(const PlacementProblem& problem, size_t max_groups,
                                        size_t& num_groups,
                                        const IdVector<ItemId, int32_t>& apart = {});

}  // namespace allot
