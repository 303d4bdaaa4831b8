// Contiguous placements: the devices can be ordered so that nothing leads to an earlier one. Then
// each device holds the difference of two downsets of the graph, a stage of a pipeline.
//
// A training graph runs its pipeline forwards and then backwards. There only the forward pass has
// to be contiguous; the backward pass follows, since an item shares its device with the items of
// its group. A group without forward items stands in the forward pass as a mirror image: where its
// backward items feed each other, or those of other groups, the forward order runs the other way.
// (Tarnawski et al. 2020, appendix on training.)
#pragma once

#include <utility>
#include <vector>

#include "placement/problem/problem.h"
#include "support/graph/csr_graph.h"

namespace allot {

// Pairs (before, after): the device of `after` may not come before that of `before`. In the order
// of flows and consumers. Linear.
std::vector<std::pair<ItemId, ItemId>> ContiguityPairs(const PlacementProblem& problem);

// What a contiguous placement cannot tear apart: groups, joined where they would come both before
// and after each other. Blocks are numbered in a topological order of `order`, whose edges lead
// from a block to those that may not come before it. O((n + m) log m).
struct ContiguityBlocks {
  IdVector<ItemId, int32_t> block_of;
  int32_t num_blocks = 0;
  CsrGraph order;
};
ContiguityBlocks BuildContiguityBlocks(const PlacementProblem& problem);

}  // namespace allot
