// Groups of nodes as a chain of the model's repeated blocks: a decoder's layers.
#pragma once

#include <cstdint>

#include "passes/coarsening/node_groups.h"

namespace allot {

struct ChainOfBlocks {
  IdVector<ItemId, int32_t> block_of;  // by group; never falls along a value
  int32_t num_blocks = 0;              // 0: the model is none
};

// A model is a chain of blocks where one repetition (ir/repeated_blocks.h) of at least four blocks
// holds half of its nodes or more. What lies before, between and behind repetitions are blocks of
// their own. A group that lies in several blocks is in the last of them, and what reads it in no
// earlier one. Linear, and FindRepeatedBlocks().
ChainOfBlocks FindChainOfBlocks(const ir::Graph& graph, const NodeGrouping& groups);

}  // namespace allot
