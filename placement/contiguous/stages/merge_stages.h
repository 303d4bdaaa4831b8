// Blocks that need never be apart.
//
// A block w may be merged into an anchor a, before or after it in the order, if in every chain
// whose stages have loads below U, w can be moved from its stage to that of a, and neither stage
// carries more than before, whatever else they hold. So some chain of least load keeps them
// together. It often holds for constants and their reader, and for what only reshapes a tensor.
// (Lossless counterpart of the "trivial" contractions that published solvers do first.)
#pragma once

#include "placement/contiguous/stages/stage_problem.h"

namespace allot {

// Merges until nothing can be merged. `upper`: only chains with loads below it matter, so a block
// cannot be where its time alone reaches it. If memory might bind in such a chain, only blocks
// without memory are moved. O(blocks^2 / 64 * degree) for each of a few rounds; `work` grows by the
// blocks looked at.
StageProblem MergeInseparable(StageProblem problem, Picos upper, int64_t& work);

// Whether a stage of some class could hold more than its memory with a load below `upper`: the
// fractional knapsack says no, or nothing.
bool MemoryMayBind(const StageProblem& problem, Picos upper);

}  // namespace allot
