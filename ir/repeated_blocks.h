// Runs of nodes that repeat: a decoder's layer thirty times, a stage's blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ir/graph.h"

namespace allot::ir {

// `count` blocks of `nodes` nodes each, one after the other in the order of the graph. Blocks are
// alike by operators, attributes and types, of operands too; the first may get its inputs from
// elsewhere than the others.
struct RepeatedBlock {
  size_t begin = 0;  // the place of the first node among Graph::nodes()
  size_t nodes = 0, count = 0;
  // What repeats within one block, by places as in the first one.
  std::vector<RepeatedBlock> inner;

  size_t end() const { return begin + nodes * count; }
};

// The repetitions of at least three blocks of at least three nodes, in order, none overlapping: of
// those possible the one that covers most, then the shortest block, and what is left likewise.
// Where blocks begin is chosen such that the fewest values lead from one to the next. The order of
// nodes counts: exporters write layer after layer. `labels` (by place, may be empty): nodes for
// which they differ are not alike, such as the slices of an operator that was divided. O(nodes *
// log(nodes)) for each repetition found, times a number of lengths that are tried.
std::vector<RepeatedBlock> FindRepeatedBlocks(const Graph& graph,
                                              const std::vector<int64_t>& labels = {});

}  // namespace allot::ir
