// What no valid assignment is below, whatever its search.
#pragma once

#include <cstdint>
#include <string>

#include "placement/kinds/chips/rules/rule_graph.h"

namespace allot::chips {

struct ChipsBound {
  Picos value = 0;
  // What proves it: "largest" node, "load" of all chips, "triangle", where an edge keeps what lies
  // inside it on the chips of its ends (triangle_bound.h), or "cuts", where nodes between which a
  // transfer would take too long share a chip. "weights" if they fit no chips.
  std::string name;
  bool infeasible = false;  // the weights fit no chips
};

// Whether the weights fit no chips: one node's, or all together.
bool WeightsExceed(const Compiled& problem);

// The smallest bottleneck that is not refuted, by bisection. A bottleneck T is refuted if joining
// the nodes that it keeps together (readers of an output that takes longer than T, and what then
// lies on a cycle) leaves one group, or too much in all, that does not fit: by its work, by dual
// feasible functions of all groups' work (Fekete and Schepers, 2001), or by the chips that what
// leads to a group and what it leads to need; or by the triangle rule. O((n + m) log) with n
// groups.
ChipsBound BoundOf(const RuleGraph& rules);

}  // namespace allot::chips
