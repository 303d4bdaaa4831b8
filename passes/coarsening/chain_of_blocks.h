// Groups of nodes as a chain of the model's repeated blocks: a decoder's layers.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/repeated_blocks.h"
#include "passes/coarsening/node_groups.h"

namespace allot {

inline constexpr int32_t kWhole = -1;

struct ChainOfBlocks {
  IdVector<ItemId, int32_t> block_of;  // by group; never falls along a value
  int32_t num_blocks = 0;              // 0: the model is none
  // By group: which slices it has nodes of, where operators were divided
  // (passes/splitting/slice_name.h); kWhole: of none, or of several.
  IdVector<ItemId, int32_t> slice_of;
};

// A model is a chain of blocks where one repetition (ir/repeated_blocks.h) of at least four blocks
// holds half of its nodes or more. What lies before, between and behind repetitions are blocks of
// their own. In a model that was divided, which may have divided some of its layers only,
// repetitions of so many blocks may hold half of it together. A group that lies in several blocks
// is in the last of them, and what reads it in no earlier one. Linear, and FindRepeatedBlocks().
ChainOfBlocks FindChainOfBlocks(const ir::Graph& graph, const NodeGrouping& groups);

// By group, as ChainOfBlocks::slice_of.
IdVector<ItemId, int32_t> SlicesOfGroups(const ir::Graph& graph, const NodeGrouping& groups);

// FindRepeatedBlocks(), with the slices of an operator told apart.
std::vector<ir::RepeatedBlock> RepetitionsOf(const ir::Graph& graph);

// The block of each node by its place in the graph's order; empty where the model is no chain.
std::vector<int32_t> BlocksOfPlaces(const ir::Graph& graph);

}  // namespace allot
