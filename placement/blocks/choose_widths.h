// Among how many devices the blocks of a chain are worth dividing, before any is: from what they
// would take.
#pragma once

#include <optional>
#include <vector>

#include "placement/blocks/block_chain.h"
#include "placement/blocks/plan_by_blocks.h"

namespace allot {

struct ChosenWidths {
  std::vector<size_t> width;  // by block of the chain
  Picos value = 0;            // of the chain for the problem's objective, as its sums have it

  bool divided() const;
};

// The widths of the ranges of the best chain: for throughput of the groups that take turns with
// equal chains (PlanByBlocks), for latency of the chain that is through first; within the limit of
// `options` on one inference. Of equal chains those of narrower ranges. A block in which a range
// ends is not divided. nullopt where nothing fits. As the searches of chain_search.h, times the
// widths and the number of groups.
std::optional<ChosenWidths> ChooseWidths(const PlacementProblem& problem, const BlockChain& chain,
                                         const BlockPlanOptions& options);

}  // namespace allot
