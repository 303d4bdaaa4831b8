// Makes a model of repeated blocks small, block by block.
#pragma once

#include "passes/coarsening/chain_of_blocks.h"
#include "placement/problem/problem.h"

namespace allot {

// As ContractToSize(), but no group lies in two blocks or slices, and blocks that are alike are
// contracted once, alike. Each block gets its share of `max_groups` groups by its number of items,
// and, where it has so many items, kFewestPieces at least, so that cuts within it stay possible:
// with many blocks there may be more groups than `max_groups`.
IdVector<ItemId, ItemId> ContractBlocks(const PlacementProblem& problem, const ChainOfBlocks& chain,
                                        size_t max_groups, size_t& num_groups);

}  // namespace allot
