// Orders of the blocks in which edges lead forward, for families of downsets where there are too
// many to take all.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/stages/value/block_graph.h"
#include "support/random.h"

namespace allot {

// Branch after branch: what has become ready last comes next.
std::vector<int32_t> DepthFirstOrder(const BlockGraph& blocks);
// All branches side by side: what has become ready first comes next.
std::vector<int32_t> BreadthFirstOrder(const BlockGraph& blocks);
// Any, but blocks with a smaller rank always before those with a larger; `rank` rises along edges.
std::vector<int32_t> RandomOrder(const BlockGraph& blocks, const std::vector<int32_t>& rank,
                                 Random& random);

}  // namespace allot
