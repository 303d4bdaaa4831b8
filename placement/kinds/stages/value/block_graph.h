// What is placed as one: layers that belong together, and those that nothing is lost by keeping
// with a neighbour. Blocks are numbered so that edges lead forward.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/stages/problem/problem.h"
#include "placement/kinds/stages/value/compiled.h"

namespace allot {

struct BlockGraph {
  std::vector<std::vector<int32_t>> layers;         // of a block, ascending
  std::vector<int32_t> block_of;                    // by layer
  std::vector<std::vector<int32_t>> before, after;  // neighbours of a block, ascending

  size_t size() const { return layers.size(); }
};

// Some best plan keeps all blocks whole: a layer that takes no time or memory is kept with its only
// predecessor or successor, if it runs wherever that does and no transfer grows. O((layers + edges)
// log).
BlockGraph MakeBlocks(const StagesProblem& problem, const CompiledStages& stages);

}  // namespace allot
