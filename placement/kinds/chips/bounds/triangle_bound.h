// What the triangle rule alone says of the bottleneck.
#pragma once

#include "placement/kinds/chips/rules/rule_graph.h"

namespace allot::chips {

// No assignment that keeps the rules has a smaller bottleneck; 0 if nothing follows.
//
// An edge from u to v keeps all that lies between them on the chips of u and v: anything else would
// be a way through a third chip. So along a chain of edges u0 -> u1 -> ... each edge is cut once at
// most, however much lies inside it, and what is before the cut is closed downwards, which large
// nodes leave little choice. Of the chain that covers the most work, a bottleneck is refuted if no
// choice of cuts fits the chips: dynamic programming over the edges, by the number of chips in use
// the least load of the last one. What lies outside the chain counts nothing. Chains of residual
// blocks, as in transformers, are cut twice for each layer at most, which is what bounds them.
//
// O(m + inside + chain * chips * log total) and, inside each edge of the chain, pairs of nodes.
Picos TriangleBound(const RuleGraph& rules);

}  // namespace allot::chips
