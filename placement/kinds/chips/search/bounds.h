// What no valid assignment is below, whatever its search.
#pragma once

#include <cstdint>
#include <string>

#include "placement/kinds/chips/model/compiled.h"

namespace allot::chips {

struct ChipsBound {
  Picos value = 0;
  // What proves it: "largest" node, "load" of all chips, or "cuts", where nodes between which a
  // transfer would take too long share a chip.
  std::string name;
  bool infeasible = false;  // the weights fit no chips
};

// The smallest bottleneck that is not refuted, by bisection. A bottleneck T is refuted if joining
// the nodes that it keeps together (readers of an output that takes longer than T, and what then
// lies on a cycle) leaves one group, or too much in all, that does not fit: by its work, by dual
// feasible functions of all groups' work (Fekete and Schepers, 2001), or by the chips that what
// leads to a group and what it leads to need. O((n + m) log) with n groups.
ChipsBound BoundOf(const Compiled& problem);

}  // namespace allot::chips
