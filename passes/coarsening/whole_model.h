// Models of which nothing can be placed apart, and why.
#pragma once

#include "ir/module.h"
#include "ir/plan.h"
#include "passes/coarsening/node_groups.h"
#include "support/diagnostics.h"

namespace allot {

// Warns if nearly all work is in one node that has bodies or calls a function, as nothing looks
// into it, or half of it, or of the nodes, in nodes that values which cannot cross between files
// keep together; with what to do about it. `clusters` is what will be placed.
void ReportWhatCannotBeSplit(const ir::Module& module, const ir::Plan& plan,
                             const NodeGrouping& clusters, Diagnostics& diagnostics);

}  // namespace allot
